"""Small files in the supported formats, as their authors write them."""

import gzip
import io
import struct
import tarfile

import numpy as np
from PIL import Image

CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
RANDOM = np.random.default_rng(0)


def images(count, *shape):
    """Random pixels, uint8."""
    return RANDOM.integers(0, 256, (count, *(shape or (6, 5))), np.uint8)


def put_idx(path, array, kind="u1"):
    """Write an IDX file, compressed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    content = bytes([0, 0, CODES[kind], array.ndim]) + sizes
    content += array.astype(kind).tobytes()
    is_packed = path.name.lower().endswith(".gz")
    path.write_bytes(gzip.compress(content) if is_packed else content)
    return path


def image_bytes(shade=0, size=(6, 5), kind="PNG"):
    """The content of an image file, which depends on the shade."""
    pixels = np.full((*size, 3), shade, np.uint8)
    pixels[0, 0] = 255 - shade
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def put(folder, contents):
    """Write the files of a folder by name; a number is the shade of an image."""
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = image_bytes(content) if isinstance(content, int) else content
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def put_tar(path, contents, mode="w"):
    """Write a tar file of these members."""
    with tarfile.open(path, mode) as archive:
        for name, content in contents.items():
            content = image_bytes(content) if isinstance(content, int) else content
            content = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def encrypted(path):
    """A zip whose first entry is marked as encrypted."""
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + place] |= 1  # the encryption flag
    path.write_bytes(content)
    return path
