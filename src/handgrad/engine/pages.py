"""Zeroed memory on large pages, where the system has them.

The processor's TLB holds the addresses of a few hundred pages. With pages of 2 MB
instead of 4 KB it covers a whole program's buffers. Smaller buffers get small pages; so
do all where the system has no large ones.
"""

import mmap

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.fences import checks_bounds, fenced
from handgrad.errors import ResourceError
from handgrad.free_memory import in_units

LARGE_PAGE = 1 << 21
LINE = 64
CHUNK = LARGE_PAGE // 2  # small buffers share one


def zeros(size: int) -> NumpyArray:
    """Zeroed bytes, aligned to a cache line, or to a large page if there are many."""
    if checks_bounds():
        return fenced(size)
    if size < LARGE_PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return from_line(np.zeros(size + LINE, dtype=np.uint8), size, LINE)
    own = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # shared ones get small pages
    try:
        mapped = mmap.mmap(-1, size + LARGE_PAGE, flags=own)
    except (OSError, OverflowError) as error:
        raise ResourceError(
            f"A program needs a buffer of {in_units(size)}, more than the system "
            "provides. Use a smaller batch_size or smaller layers."
        ) from error
    whole = np.frombuffer(mapped, dtype=np.uint8)
    raw = from_line(whole, size, LARGE_PAGE)
    first = raw.ctypes.data - whole.ctypes.data
    end = first + size // LARGE_PAGE * LARGE_PAGE
    mapped.madvise(mmap.MADV_HUGEPAGE, first, end - first)
    mapped.madvise(mmap.MADV_NOHUGEPAGE, end)
    return raw


def from_line(raw: NumpyArray, size: int, line: int) -> NumpyArray:
    """`size` bytes of an array from the next multiple of `line` on."""
    start = -raw.ctypes.data % line
    return raw[start : start + size]


def whole_pages(size: int) -> int:
    """The size in whole pages, in bytes."""
    return -(-size // mmap.PAGESIZE) * mmap.PAGESIZE


class Arena:
    """Allocates zeroed memory, one buffer after the other; none is freed."""

    def __init__(self) -> None:
        self._chunk, self._used = np.zeros(0, dtype=np.uint8), 0
        self._others = 0  # bytes of the pages of all but the current chunk

    @property
    def page_bytes(self) -> int:
        """Bytes of all pages that were allocated."""
        return self._others + whole_pages(self._used)

    def take(self, size: int) -> NumpyArray:
        """Zeroed bytes, aligned to a cache line, as long as the array lives."""
        if size > CHUNK or checks_bounds():
            self._others += whole_pages(size)
            return zeros(size)
        if self._used + size > len(self._chunk):
            self._others += whole_pages(self._used)
            self._chunk, self._used = zeros(CHUNK), 0
        part = self._chunk[self._used : self._used + size]
        self._used += -(-size // LINE) * LINE
        return part
