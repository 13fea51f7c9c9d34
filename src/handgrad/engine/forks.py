"""Locks and counts that stay correct when the process is forked.

A child has only the thread that forked. So a fork waits until no other thread holds one
of these locks.
"""

import os
import threading
from collections.abc import Callable
from weakref import WeakSet

PATIENCE_SECONDS = 10.0  # how long a fork waits for another thread


class ForkSafeLock:
    """A reentrant lock that is free in a child of a fork.

    Locks of lower `order` are acquired first, by a fork and by any thread. `is_sound`
    is false in a child whose parent gave up waiting for the lock.
    """

    def __init__(self, order: int = 1) -> None:
        self.order = order
        self.is_sound = True
        self.lock = threading.RLock()
        with _state.guard:
            _state.locks.add(self)

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.lock.release()


class _State:
    """The locks and forks of this process."""

    def __init__(self) -> None:
        self.guard = threading.RLock()
        self.locks: WeakSet[ForkSafeLock] = WeakSet()
        self.taken: list[ForkSafeLock] = []
        self.count = 0
        self.in_child: list[Callable[[], None]] = []

    def before(self) -> None:
        """Acquire every lock that becomes free in time."""
        with self.guard:
            locks = sorted(self.locks, key=lambda lock: lock.order)
        taken = [x for x in locks if x.lock.acquire(timeout=PATIENCE_SECONDS)]
        self.guard.acquire()
        self.taken = taken

    def in_parent(self) -> None:
        """Release all locks."""
        taken, self.taken = self.taken, []
        self.guard.release()
        for lock in taken:
            lock.lock.release()

    def after_in_child(self) -> None:
        """Release all locks, replace those of other threads, call the functions."""
        taken = set(self.taken)
        self.in_parent()  # acquired by this thread, the only one in the child
        for lock in set(self.locks) - taken:
            lock.is_sound, lock.lock = False, threading.RLock()
        self.count += 1
        for function in self.in_child:
            function()


_state = _State()


def fork_count() -> int:
    """The number of forks between the first process and this one."""
    return _state.count


def call_in_child(function: Callable[[], None]) -> None:
    """Call a function in every child of a fork, before anything else happens there."""
    _state.in_child.append(function)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_state.before,
        after_in_parent=_state.in_parent,
        after_in_child=_state.after_in_child,
    )
