"""The IDX format of MNIST and similar data sets, plain or gzip-compressed.

byte 0-1  zero
byte 2    data type: unsigned or signed byte, int16, int32, float32, float64
byte 3    number of axes
then      one 32-bit size for each axis, most significant byte first (big-endian)
then      the data
"""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.datasets.formats.pixel_arrays import images_of
from handgrad.datasets.gzip_files import opened
from handgrad.errors import DatasetError, cannot_read
from handgrad.free_memory import check_memory

UNSIGNED_BYTE = 8
WHOLE = {UNSIGNED_BYTE: ">u1", 9: ">i1", 11: ">i2", 12: ">i4"}
NUMBERS = {**WHOLE, 13: ">f4", 14: ">f8"}
MOST_AXES = 4
GZIP_RATIO = 1032  # the highest compression ratio of deflate
NEXT_STEP = (
    "Remove it and download the data set again, or give the folder of another copy as "
    "data_dir (--data-dir)."
)


def read_idx(
    path: Path, axes: int | None = None, *, advice: str = NEXT_STEP
) -> NumpyArray:
    """Read the array of an IDX file; with `axes`, integers with that many axes only.

    `advice` is the next step in error messages.
    """
    try:
        with opened(path) as stream:
            ratio = GZIP_RATIO if isinstance(stream, gzip.GzipFile) else 1
            largest = ratio * path.stat().st_size
            return _Reader(path, axes, largest, advice).read(stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(
            f"{path} is a damaged gzip file ({error}). {advice}"
        ) from error
    except OSError as error:
        raise cannot_read(path, error, advice) from error


def axes_of(head: bytes) -> int | None:
    """Number of axes of an IDX file, from its first bytes; None for another file."""
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in NUMBERS:
        return None
    return head[3] if 1 <= head[3] <= MOST_AXES else None


def read_split(images: Path, labels: Path, classes: int) -> Split:
    """Read a split from its two files and check that they match.

    Shapes
        images   (count, 1, height, width), uint8
        targets  (count,), int64
    """
    pixels = images_of(read_idx(images, axes=3), str(images))
    targets = read_idx(labels, axes=1).astype(np.int64)
    if len(pixels) != len(targets):
        raise DatasetError(
            f"{images} holds {len(pixels)} images, but {labels} holds {len(targets)} "
            "labels. They do not belong together; download both again."
        )
    wrong = np.flatnonzero((targets < 0) | (targets >= classes))
    if len(wrong):
        raise DatasetError(
            f"{labels}: label {targets[wrong[0]]} of image {wrong[0]} is out of range; "
            f"labels range from 0 to {classes - 1}. For another data set of the same "
            f"format, give its folder: --dataset {labels.parent}"
        )
    return Split(pixels, targets)


class _Reader:
    """Reads the array of a stream that can hold at most `largest` bytes."""

    def __init__(self, path: Path, axes: int | None, largest: int, advice: str) -> None:
        self.path, self.axes = path, axes
        self.largest, self.advice = largest, advice

    def read(self, stream: BinaryIO | gzip.GzipFile) -> NumpyArray:
        start = stream.read(4)
        self._check_start(start)
        axes, kind = start[3], np.dtype(NUMBERS[start[2]])
        sizes = stream.read(4 * axes)
        if len(sizes) < 4 * axes:
            raise DatasetError(f"{self.path} ends inside its header. {self.advice}")
        shape = [int(size) for size in np.frombuffer(sizes, ">u4")]
        expected = prod(shape) * kind.itemsize
        self._check_size(shape, expected)
        body = stream.read(expected + 1)  # one more byte detects trailing data
        if len(body) != expected:
            found = "more" if len(body) > expected else f"only {len(body)}"
            raise DatasetError(
                f"{self.path} should hold {expected} bytes after its header, but holds "
                f"{found}. {self.advice}"
            )
        numbers = np.frombuffer(body, dtype=kind).reshape(shape)
        return numbers.astype(kind.newbyteorder("="), copy=False)

    def _check_start(self, start: bytes) -> None:
        known = NUMBERS if self.axes is None else WHOLE
        axes = axes_of(start)
        if axes is not None and start[2] in known and self.axes in (None, axes):
            return
        found = f"starts with {start.hex()}" if start else "is empty"
        expected = bytes((0, 0, UNSIGNED_BYTE, self.axes or 3)).hex()
        which = "" if self.axes is None else f" of bytes with {self.axes} axes"
        raise DatasetError(
            f"{self.path} is not an IDX file{which}: it {found}, expected {expected}. "
            f"{self.advice}"
        )

    def _check_size(self, shape: list[int], expected: int) -> None:
        if not 0 < expected <= self.largest:
            sizes = " x ".join(str(size) for size in shape)
            raise DatasetError(
                f"{self.path} declares {sizes} numbers, {expected} bytes, but can hold "
                f"1 to {self.largest}. {self.advice}"
            )
        check_memory(expected, str(self.path))
