import gc
import threading
import time

import pytest

from handgrad.engine import model_lock
from handgrad.engine.model_lock import ModelLock, lock_of
from handgrad.errors import RunError
from handgrad.layers import Linear, Sequential


def test_a_model_has_one_lock_and_another_has_another():
    one, other = Sequential([Linear(2, 2)]), Sequential([Linear(2, 2)])
    assert lock_of(one) is lock_of(one) is not lock_of(other)


def test_locks_of_models_that_are_gone_are_dropped():
    before = len(model_lock._locks)
    lock_of(Sequential([Linear(2, 2)]))
    gc.collect()
    assert len(model_lock._locks) <= before


def test_a_thread_may_take_it_again():
    lock = ModelLock()
    with lock, lock:
        pass
    assert lock.lock.acquire(blocking=False)
    lock.lock.release()


def test_a_loop_does_not_keep_it_from_a_waiting_thread():
    lock, stop, turns = ModelLock(), threading.Event(), []

    def loop():
        while not stop.is_set():
            with lock:
                time.sleep(1e-4)  # without the interpreter's lock, as a step

    thread = threading.Thread(target=loop)
    thread.start()
    for _ in range(20):
        with lock:
            turns.append(1)
    stop.set()
    thread.join()
    assert len(turns) == 20


def test_one_that_a_fork_did_not_wait_for_is_refused():
    lock = ModelLock()
    lock.is_sound = False
    with pytest.raises(RunError, match="half-written"):
        lock.__enter__()
    assert lock.lock.acquire(blocking=False)
    lock.lock.release()
