"""Keep freed memory in the process, to exclude page faults from the timings.

torch frees large tensors after each step and allocates them again in the next; each
page then costs a page fault. That depends on a setting of the allocator, not on torch,
so the race eliminates it.
"""

import ctypes
import sys

# glibc's malloc.h
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Tell the C library to keep freed memory; return False if it is not supported.

    Source
        mallopt(3) of the Linux manual.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, -1)) and bool(mallopt(M_MMAP_MAX, 0))


def page_faults() -> int:
    """The number of minor page faults of this process so far; 0 if unknown."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
