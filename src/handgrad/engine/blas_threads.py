"""Limit the matrix libraries to one thread while a program runs.

How a library splits a product among its threads decides the last bits of the result,
and the engine's own workers already use the cores. The limit holds for the whole
process, so contexts are counted: the first sets it, the last restores what was there.
"""

import threading
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from handgrad.engine.forks import ForkSafeLock, call_in_child


@cache
def blas_libraries() -> list[Any]:
    """The matrix libraries of NumPy and SciPy, and others loaded before the first use."""
    import scipy.linalg.cython_blas  # noqa: F401  (loads SciPy's)

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return [library for library in found if library.get_num_threads() is not None]


class SingleThread:
    """A context in which the matrix libraries of this process use one thread.

    Contexts may nest, and overlap in several threads.
    """

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._own = threading.local()  # contexts that this thread is in
        self._contexts = 0  # that any thread is in
        self._before: list[tuple[Any, int]] = []
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
        numbers = [(each, each.get_num_threads()) for each in blas_libraries()]
        self._before = [(library, number) for library, number in numbers if number != 1]
        for library, _ in self._before:
            library.set_num_threads(1)

    def _restore(self) -> None:
        for library, number in self._before:
            if library.get_num_threads() == 1:  # otherwise set by others meanwhile
                library.set_num_threads(number)
        self._before = []

    def _forget_other_threads(self) -> None:
        """In a child of a fork, only the thread that forked is still in a context."""
        self._contexts = getattr(self._own, "contexts", 0)
        if self._contexts == 0:
            self._restore()


single_thread = SingleThread()
