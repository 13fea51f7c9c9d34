"""Zeroed memory on large pages, where the system has them.

A processor looks up where each page of memory stands; its table holds a few hundred
entries. With pages of 2 MB instead of 4 KB a whole program's buffers fit that table.
Where the system knows no such pages, plain zeros do.
"""

import mmap
from functools import cache
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.fences import checks_bounds, fenced
from handgrad.errors import ResourceError
from handgrad.memory import in_units

LARGE_PAGE = 1 << 21
LINE = 64
CHUNK = 4 * LARGE_PAGE  # small buffers share one
SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def zeros(size: int) -> NumpyArray:
    """That many bytes, zero, from the start of a cache line (of a page, if many)."""
    if checks_bounds():
        return fenced(size)
    if size < LARGE_PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return from_line(np.zeros(size + LINE, dtype=np.uint8), size, LINE)
    own = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # shared ones get small pages
    try:
        mapped = mmap.mmap(-1, size + LARGE_PAGE, flags=own)
    except (OSError, OverflowError) as error:
        raise ResourceError(
            f"A program needs a buffer of {in_units(size)}, which the system does "
            "not give. Take a smaller batch_size or smaller layers."
        ) from error
    mapped.madvise(mmap.MADV_HUGEPAGE)
    return from_line(np.frombuffer(mapped, dtype=np.uint8), size, LARGE_PAGE)


def from_line(raw: NumpyArray, size: int, line: int) -> NumpyArray:
    """`size` bytes of an array from the next address that `line` divides."""
    start = -raw.ctypes.data % line
    return raw[start : start + size]


@cache
def gives_large_pages() -> bool:
    """Whether the system answers a request for large pages with them."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return False
    try:
        return "[never]" not in SETTING.read_text(encoding="ascii")
    except OSError:
        return False


def whole_pages(size: int) -> int:
    """What so many bytes from the start of a large page take, once they are used."""
    return -(-size // LARGE_PAGE) * LARGE_PAGE if gives_large_pages() else size


class Arena:
    """Hands out pieces of zeroed memory, one behind the other; none is given back."""

    def __init__(self) -> None:
        self._chunk, self._used = np.zeros(0, dtype=np.uint8), 0
        self._others = 0  # bytes of the pages of all but the present chunk

    @property
    def page_bytes(self) -> int:
        """What the system gives for all that was taken: whole pages."""
        return self._others + whole_pages(self._used)

    def take(self, size: int) -> NumpyArray:
        """That many bytes from the start of a cache line; the array holds them."""
        if size >= LARGE_PAGE or checks_bounds():
            self._others += whole_pages(size)
            return zeros(size)
        if self._used + size > len(self._chunk):
            self._others += whole_pages(self._used)
            self._chunk, self._used = zeros(CHUNK), 0
        piece = self._chunk[self._used : self._used + size]
        self._used += -(-size // LINE) * LINE
        return piece
