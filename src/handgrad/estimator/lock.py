"""One lock per classifier: calls of fit and partial_fit run one at a time."""

import os
import threading
from collections.abc import Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from handgrad.engine.forks import ForkSafeLock

_locks: WeakKeyDictionary[Any, tuple[int, Any]] = WeakKeyDictionary()
_guard = ForkSafeLock(order=2)


def training_lock(classifier: Any) -> AbstractContextManager[Any]:
    """The lock of a classifier; copies, pickles and forked processes have their own.

    Unlike the lock of the model, it does not delay a fork: training may take hours.
    """
    with _guard:
        process, lock = _locks.get(classifier, (0, None))
        if process != os.getpid():
            lock = threading.RLock()
            _locks[classifier] = os.getpid(), lock
        found: AbstractContextManager[Any] = lock
        return found


@contextmanager
def restored_on_error(classifier: Any, history: Sized) -> Iterator[None]:
    """Restore the classifier after an error.

    After a KeyboardInterrupt it keeps the epochs of the history, if there are any.
    """
    before = dict(vars(classifier))
    try:
        yield
    except BaseException as error:
        if not (isinstance(error, KeyboardInterrupt) and history):
            vars(classifier).clear()
            vars(classifier).update(before)
        raise
