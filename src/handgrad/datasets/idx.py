"""The IDX format of MNIST and Fashion-MNIST, gzip or not.

byte 0-1  zero
byte 2    kind of number: 8 is an unsigned byte, the only one read here
byte 3    number of axes
then      one 32-bit size for each axis, most significant byte first
then      the numbers
"""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split, check_targets
from handgrad.errors import DatasetError
from handgrad.memory import check_memory

UNSIGNED_BYTE = 8
GZIP = b"\x1f\x8b"
GZIP_RATIO = 1032  # deflate packs no better than this
MENDING = (
    "Remove it and fetch the data set again, or give the folder of another copy as "
    "data_dir (--data-dir)."
)


def read_idx(path: Path, axes: int) -> NumpyArray:
    """The numbers of an IDX file with this many axes, uint8."""
    try:
        size = path.stat().st_size
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == GZIP
            raw.seek(0)
            if not is_gzip:
                return _parse(raw, path, axes, size)
            with gzip.GzipFile(fileobj=raw) as unpacked:
                return _parse(unpacked, path, axes, size * GZIP_RATIO)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(
            f"{path} is a damaged gzip file ({error}). {MENDING}"
        ) from error
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read: {error.strerror or error}. {MENDING}"
        ) from error


def read_split(images: Path, labels: Path, classes: int) -> Split:
    """A split from its two files, checked against each other.

    Shapes
        images   (count, 1, height, width), uint8
        targets  (count,), int64
    """
    pixels = read_idx(images, axes=3)
    targets = read_idx(labels, axes=1).astype(np.int64)
    if len(pixels) != len(targets):
        raise DatasetError(
            f"{images} holds {len(pixels)} images, but {labels} holds {len(targets)} "
            "labels. They do not belong together; fetch both again."
        )
    check_targets(targets, classes, str(labels))
    return Split(pixels[:, None], targets)


def _parse(
    stream: BinaryIO | gzip.GzipFile, path: Path, axes: int, largest: int
) -> NumpyArray:
    """The numbers of a stream that can hold no more than `largest` bytes."""
    header = stream.read(4 + 4 * axes)
    if header[:4] != bytes((0, 0, UNSIGNED_BYTE, axes)):
        found = f"begins with {header[:4].hex()}" if header else "is empty"
        raise DatasetError(
            f"{path} is not an IDX file of bytes with {axes} axes: it {found}, "
            f"expected {bytes((0, 0, UNSIGNED_BYTE, axes)).hex()}. {MENDING}"
        )
    if len(header) < 4 + 4 * axes:
        raise DatasetError(f"{path} ends inside its header. {MENDING}")
    shape = [int(size) for size in np.frombuffer(header, ">u4", axes, offset=4)]
    expected = prod(shape)
    if not 0 < expected <= largest:
        sizes = " x ".join(str(size) for size in shape)
        raise DatasetError(
            f"{path} says that it holds {sizes} numbers, which cannot be: it has room "
            f"for 1 to {largest}. {MENDING}"
        )
    check_memory(expected, str(path))
    body = stream.read(expected + 1)  # one more shows what does not belong there
    if len(body) != expected:
        found = "more" if len(body) > expected else f"only {len(body)}"
        raise DatasetError(
            f"{path} should hold {expected} bytes after its header, but holds {found}. "
            f"{MENDING}"
        )
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)
