"""Forks while threads, programs and locks are in use; each child has a time limit."""

import multiprocessing
import os
import threading
import time

import numpy as np
import pytest

from handgrad.engine import forks
from handgrad.engine.forks import ForkSafeLock, call_in_child, fork_count
from handgrad.errors import RunError

from .networks import NETWORKS, cpu_engine
from .test_cpu import MIXED, Settings, plain_engine

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]
SECONDS = 60


def in_child(function):
    """What a forked child sends back; fails if it takes too long."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if child == 0:
        try:
            sender.send(function())
        except BaseException as error:
            sender.send(error)
        os._exit(0)
    found = receiver.recv() if receiver.poll(SECONDS) else "the child did not answer"
    if isinstance(found, str) and found.startswith("the child"):
        os.kill(child, 9)
    os.waitpid(child, 0)
    return found


def test_locks_are_free_in_a_child():
    lock, inside = ForkSafeLock(), threading.Event()

    def hold():
        with lock:
            inside.set()
            time.sleep(0.2)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    assert in_child(lambda: lock.lock.acquire(timeout=5) and lock.is_sound)
    thread.join()


def test_a_lock_that_the_forking_thread_holds_is_held_by_it_in_the_child():
    lock = ForkSafeLock()
    with lock:
        assert in_child(lambda: lock.__exit__() or lock.lock.acquire(timeout=5))
    assert lock.lock.acquire(blocking=False)
    lock.lock.release()


def test_children_are_counted_and_told():
    told, before = [], fork_count()
    call_in_child(lambda: told.append(1))
    assert in_child(lambda: (fork_count() - before, told)) == (1, [1])
    assert (fork_count() - before, told) == (0, [])
    forks._state.in_child.pop()


@pytest.mark.parametrize("make", [cpu_engine, plain_engine])
def test_a_child_predicts_and_trains_as_its_parent_does(make):
    network = NETWORKS["lenet"]
    options = {"workers": 3} if make is cpu_engine else {}
    engine, images = make(network, Settings(), **options), network.images(40)
    engine.train_step(network.batch(70), 1)
    engine.logits(images)

    def further():
        return engine.logits(images), engine.train_step(network.batch(70), 2).loss

    logits, loss = in_child(further)
    expected = further()
    np.testing.assert_array_equal(logits, expected[0])
    assert loss == expected[1]


def test_a_fork_waits_for_a_step_of_another_thread():
    """So the child's parameters are those of whole steps, and its locks are free."""
    engine = cpu_engine(NETWORKS["many channels"], workers=2)
    batch, stop = NETWORKS["many channels"].batch(70), threading.Event()
    engine.train_step(batch, 1)
    states, steps = {}, [1]

    def train():
        while not stop.is_set():
            steps[0] += 1
            engine.train_step(batch, steps[0])

    thread = threading.Thread(target=train)
    thread.start()
    try:
        found = [in_child(lambda: (steps[0], engine.state())) for _ in range(3)]
    finally:
        stop.set()
        thread.join()
    again = cpu_engine(NETWORKS["many channels"])
    for step in range(1, found[-1][0] + 1):
        again.train_step(batch, step)
        states[step] = again.state()
    for step, state in found:  # the count may be one ahead of the step
        near = [states[s] for s in (step - 1, step) if s in states]
        assert any(
            all(state[k].tobytes() == value.tobytes() for k, value in each.items())
            for each in near
        )


def test_a_fork_in_the_middle_of_a_long_step_is_refused_in_the_child(monkeypatch):
    monkeypatch.setattr(forks, "PATIENCE_SECONDS", 0.1)
    engine, inside, done = cpu_engine(MIXED), threading.Event(), threading.Event()

    def hold():
        with engine.bound.lock:
            inside.set()
            done.wait(SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    try:
        found = in_child(lambda: engine.logits(MIXED.images(2)))
    finally:
        done.set()
        thread.join()
    assert isinstance(found, RunError)
    assert "Fork between two steps" in str(found)
    engine.logits(MIXED.images(2))


def test_multiprocessing_and_joblib_workers_predict():
    from joblib import Parallel, delayed

    network = NETWORKS["perceptron"]
    engine, images = cpu_engine(network, workers=2), network.images(20)
    expected = engine.logits(images)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for found in pool.map_async(engine.logits, [images] * 4).get(SECONDS):
            np.testing.assert_array_equal(found, expected)
    results = Parallel(2, timeout=SECONDS)(
        delayed(engine.logits)(images) for _ in range(2)
    )
    for found in results:
        np.testing.assert_array_equal(found, expected)
