"""One process at a time compiles a kernel: the others wait, and read what it cached.

Without it the workers of a study, all of which begin with the same network, would each
compile the same kernels at the same time. A process that ends, in any way, lets go of
what it held. Without a lock that can be taken, everyone compiles.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from handgrad.engine.kernels.kernel_cache import is_private, make_private

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NAME = "lock"
LONGEST = 60.0  # seconds to wait for a process that may have been stopped
OFTEN = 0.02  # seconds between two attempts
PLACES = 1 << 24  # bytes of the lock file, one for each kernel


@contextmanager
def compiling(path: Path) -> Iterator[None]:
    """A context in which no other process compiles what this file will hold.

    It waits for those that do, at most `LONGEST`.
    """
    place = int(path.name.rpartition("-")[2], 16) % PLACES
    lock = None if path.exists() or fcntl is None else _lock_file(path.parent)
    if lock is None:
        yield
        return
    is_held = _take(lock, place)
    try:
        yield
    finally:
        if is_held:
            fcntl.lockf(lock, fcntl.LOCK_UN, 1, place)


@cache
def _lock_file(folder: Path) -> int | None:
    """It stays open: closing it would let go of all that this process holds."""
    with suppress(OSError):
        make_private(folder)
        if is_private(os.lstat(folder)):
            return os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    return None


def _take(lock: int, place: int) -> bool:
    """Whether the place is held now, or another process held it for too long."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # another process holds it
            time.sleep(OFTEN)
        except OSError:  # a file system without locks
            return False
        else:
            return True
    return False
