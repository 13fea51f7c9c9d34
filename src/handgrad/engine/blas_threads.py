"""Limit the matrix libraries to one thread while a program runs.

The split of a product among threads decides the last bits of the result, and the
engine's own workers already use the cores. The limit holds for the whole process, so
contexts are counted: the first sets it, the last restores the numbers before.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from handgrad.engine.forks import ForkSafeLock, call_in_child


@dataclass(frozen=True)
class Library:
    """Functions that read and set a matrix library's number of threads."""

    get: Callable[[], int | None]
    set: Callable[[int], Any]


@cache
def blas_libraries() -> list[Library]:
    """The matrix libraries of NumPy, of SciPy, and others that are loaded."""
    import scipy.linalg.cython_blas  # noqa: F401  (loads SciPy's)

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return [each for each in map(_functions_of, found) if each.get() is not None]


def _functions_of(controller: Any) -> Library:
    """OpenBLAS's own functions where found: threadpoolctl looks them up by name at
    each call, which takes longer than the call.
    """
    if controller.internal_api == "openblas" and hasattr(controller, "_get_symbol"):
        names = ("openblas_get_num_threads", "openblas_set_num_threads")
        get, set_ = map(controller._get_symbol, names)
        if get is not None and set_ is not None:
            return Library(get, set_)
    return Library(controller.get_num_threads, controller.set_num_threads)


class SingleThread:
    """A context in which the matrix libraries of this process use one thread.

    Contexts may nest, and overlap in several threads.
    """

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._own = threading.local()  # contexts that this thread is in
        self._contexts = 0  # that any thread is in
        self._before: list[tuple[Library, int]] = []
        call_in_child(self._forget_other_threads)

    def __enter__(self) -> None:
        with self._lock:
            if self._contexts == 0:
                self._limit()
            self._contexts += 1
            self._own.contexts = getattr(self._own, "contexts", 0) + 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._contexts -= 1
            self._own.contexts -= 1
            if self._contexts == 0:
                self._restore()

    def _limit(self) -> None:
        numbers = [(each, each.get() or 1) for each in blas_libraries()]
        self._before = [(library, number) for library, number in numbers if number != 1]
        for library, _ in self._before:
            library.set(1)

    def _restore(self) -> None:
        for library, number in self._before:
            if library.get() == 1:  # otherwise set by others meanwhile
                library.set(number)
        self._before = []

    def _forget_other_threads(self) -> None:
        """In a child of a fork, only the thread that forked is still in a context."""
        self._contexts = getattr(self._own, "contexts", 0)
        if self._contexts == 0:
            self._restore()


single_thread = SingleThread()
