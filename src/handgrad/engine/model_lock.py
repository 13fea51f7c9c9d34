"""One lock for each model: its training steps and predictions run one at a time.

A program has one set of buffers, and a step writes the parameters that a prediction
reads.
"""

import threading
from time import sleep
from weakref import WeakKeyDictionary

from handgrad.engine.forks import ForkSafeLock
from handgrad.errors import RunError
from handgrad.layers import Sequential

PAUSE_SECONDS = 1e-4  # long enough for a waiting thread to wake up


class ModelLock(ForkSafeLock):
    """A lock that other threads get between the steps of a training loop.

    A loop acquires it again within microseconds, before a waiting thread can wake up.
    So a thread that releases it pauses if another waits.
    """

    def __init__(self) -> None:
        super().__init__(order=0)
        self._waiting: set[int] = set()

    def __enter__(self) -> None:
        if not self.lock.acquire(blocking=False):
            self._wait()
        if not self.is_sound:
            self.lock.release()
            raise RunError(
                "This process was forked while another thread was training or "
                "predicting with this model, so its arrays may be half-written. Fork "
                "between two steps, or load the model in the child."
            )

    def __exit__(self, *error: object) -> None:
        self.lock.release()
        if self._waiting:
            sleep(PAUSE_SECONDS)

    def _wait(self) -> None:
        thread = threading.get_ident()
        self._waiting.add(thread)
        try:
            self.lock.acquire()
        finally:
            self._waiting.discard(thread)


_locks: WeakKeyDictionary[Sequential, ModelLock] = WeakKeyDictionary()
_guard = ForkSafeLock(order=2)


def lock_of(model: Sequential) -> ModelLock:
    """The lock of a model, the same for all engines and programs that use it."""
    with _guard:
        return _locks.setdefault(model, ModelLock())
