"""Parts of memory-mapped images that are too large to be copied into memory."""

import os
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.datasets.search_path import cache_folder
from handgrad.errors import HandgradError
from handgrad.free_memory import check_disk

LARGE = 2**30  # bytes, from which on a copy is a file
TOGETHER = 2**24  # bytes that are copied at once


def mapped_copy(images: NumpyArray, rows: NumpyArray) -> NumpyArray | None:
    """Copy these `rows` into a mapped file in the cache, which ends with the copy.

    The system can write its pages to the disk when memory becomes scarce. None if the
    images are not memory-mapped, the copy is small, or the disk has no room for it.

    Shapes
        images  (count, ...)
        rows    (part,), integers from 0
        copy    (part, ...), read-only
    """
    shape = (len(rows), *images.shape[1:])
    each = images.itemsize * int(np.prod(shape[1:]))
    if not isinstance(images, np.memmap) or each * len(rows) < LARGE:
        return None
    with suppress(OSError, HandgradError):
        copy = _mapped(each * len(rows), images.dtype, shape)
        step = max(1, TOGETHER // each)
        for start in range(0, len(rows), step):
            copy[start : start + step] = images[rows[start : start + step]]
        copy.flags.writeable = False
        return copy
    return None


def _mapped(size: int, dtype: Any, shape: Shape) -> NumpyArray:
    """An array in a file without a name, whose disk space is allocated."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    check_disk(size, folder, "A part of the images")
    with TemporaryFile(dir=folder) as file:
        file.truncate(size)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk ends the process
        found: NumpyArray = np.memmap(file, dtype=dtype, mode="r+", shape=shape)
    return found
