"""Memory between guard pages, so that tests notice an access outside an array.

With HANDGRAD_BOUNDS_CHECK=1 every buffer of a program lies between two pages that
fault, and kernels check every index (`kernels.entry`). So accesses by address are
checked too, to a cache line: one outside ends the process. Slow, and meant for tests.
"""

import ctypes
import mmap
import os

import numpy as np

from handgrad.arrays import NumpyArray, memory_address

VARIABLE = "HANDGRAD_BOUNDS_CHECK"
LINE = 64
NO_ACCESS = 0


def checks_bounds() -> bool:
    """Whether this process checks every access."""
    return os.environ.get(VARIABLE) == "1"


def fenced(size: int) -> NumpyArray:
    """Zeroed bytes; the page after their last cache line faults."""
    page, length = mmap.PAGESIZE, -(-size // LINE) * LINE
    inner = -(-length // page) * page
    mapped = mmap.mmap(-1, inner + 2 * page)
    whole = np.frombuffer(mapped, dtype=np.uint8)
    _forbid(memory_address(whole), page)
    _forbid(memory_address(whole) + page + inner, page)
    start = page + inner - length
    return whole[start : start + size]


def beside_a_fence(array: NumpyArray) -> NumpyArray:
    """A copy of an array between two guard pages."""
    copied = fenced(array.nbytes).view(array.dtype).reshape(array.shape)
    copied[...] = array
    return copied


def _forbid(address: int, size: int) -> None:
    """Make any access to these pages fault."""
    library = ctypes.CDLL(None, use_errno=True)
    failed = library.mprotect(
        ctypes.c_void_p(address), ctypes.c_size_t(size), NO_ACCESS
    )
    if failed:
        raise OSError(ctypes.get_errno(), f"no page can be fenced with {VARIABLE}=1")
