"""Keep freed memory in the process, so that nobody is timed asking the system for it.

torch gives large tensors back after each step and asks for them again in the next;
the system then hands out empty pages one fault at a time. That is the allocator's
setting, not torch's work, so the race takes it out.
"""

import ctypes
import sys

# glibc's malloc.h
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def keep_memory() -> bool:
    """Ask the C library to keep what is freed; False where it does not know how.

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
    """Pages that this process had to ask the system for, so far; 0 if not known."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
