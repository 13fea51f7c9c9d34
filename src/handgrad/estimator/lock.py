"""One lock per classifier: calls of fit and partial_fit run one at a time."""

import os
import threading
from collections.abc import Iterator
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
def restored_on_error(
    classifier: Any, *, keeps_interrupted: bool = False
) -> Iterator[None]:
    """Restore the classifier after an error.

    With `keeps_interrupted`, a KeyboardInterrupt leaves the network adopted since, if
    it has finished an epoch or there was none before.
    """
    before = dict(vars(classifier))
    try:
        yield
    except BaseException as error:
        now = vars(classifier)
        is_new = now.get("trained_") is not before.get("trained_")
        is_better = is_new and ("trained_" not in before or now["history_"])
        is_interrupted = keeps_interrupted and isinstance(error, KeyboardInterrupt)
        if not (is_interrupted and is_better):
            vars(classifier).clear()
            vars(classifier).update(before)
        raise
