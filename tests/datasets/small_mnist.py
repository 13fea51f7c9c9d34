"""A small data set in the format of MNIST."""

import struct

import numpy as np

from handgrad.datasets.sources import MNIST

from .mirrors import packed


def idx(array):
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def contents_of(seed=0, count=30):
    """The four files of a small MNIST, unpacked."""
    random = np.random.default_rng(seed)
    contents = {}
    for file, length in zip(MNIST.files, (count, count, 10, 10), strict=True):
        is_images = "images" in file.name
        shape = (length, 5, 4) if is_images else (length,)
        values = random.integers(0, 256 if is_images else 10, shape, np.uint8)
        contents[file.name] = idx(values)
    return contents


CONTENTS = contents_of()


def put(folder, contents=CONTENTS, pack=True):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (packed(contents) if pack else contents).items():
        (folder / name).write_bytes(content)
    return folder
