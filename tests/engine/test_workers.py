import gc
import os
import threading
import time

import numpy as np
import pytest

from handgrad.engine import workers
from handgrad.engine.kernels import execute
from handgrad.engine.kernels.declaration import LONGS, SIZE, TILE, updates
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.memory_plan import pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.workers import Workers, available_cores
from handgrad.errors import ResourceError


@kernel_entry(counts=updates(LONGS, lambda tiles: tiles), tiles=SIZE, tile=TILE)
def count_tile(counts, tiles, tile):
    """One more for this tile."""
    counts[tile] += 1


class Crew:
    """Workers whose every task adds one to its own number."""

    def __init__(self, count, tasks=8):
        self.counts = np.zeros(tasks, np.int64)
        operation = Operation(
            count_tile, "a test", counts=pointer_to(self.counts), tiles=tasks
        )
        self._words = np.array(operation.words(), np.int64)
        operations = [(count_tile.address(), self._words.ctypes.data)]
        tables = (
            np.array([(0, tasks)], np.int64),
            np.array([(0, 1, tile) for tile in range(tasks)], np.int64),
            np.array(operations, np.int64),
        )
        before = set(threading.enumerate())
        self.workers = Workers(tables, count)
        self.threads = set(threading.enumerate()) - before

    def parked(self):
        """How many of them sleep."""
        shared = self.workers._shared
        offset = execute.cell(shared.address, execute.PARKED)
        return shared.control[(offset - shared.control.ctypes.data) // 8]


def wait_until(condition, seconds=60.0):
    """Whether it came true in time; the first thread of a process may compile."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return condition()


def ended(threads):
    return lambda: not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_task_runs_once_a_step(count):
    crew = Crew(count)
    assert len(crew.threads) == count - 1
    for _ in range(50):
        crew.workers.run()
    np.testing.assert_array_equal(crew.counts, 50)
    crew.workers.close()
    assert wait_until(ended(crew.threads))


def test_sleeping_workers_wake():
    crew = Crew(3)
    for step in range(1, 6):
        assert wait_until(lambda: crew.parked() == 2)
        crew.workers.run()
        np.testing.assert_array_equal(crew.counts, step)
    crew.workers.close()
    assert wait_until(ended(crew.threads))


def test_steps_with_pauses_of_any_length():
    """So that workers are met falling asleep, too."""
    crew = Crew(3)
    for step in range(1, 200):
        crew.workers.run()
        np.testing.assert_array_equal(crew.counts, step)
        time.sleep((step % 20) * 1e-4)
    crew.workers.close()


def test_many_crews_made_and_closed_leave_no_threads():
    threads = set()
    for number in range(60):
        crew = Crew(3)
        if number % 3:
            crew.workers.run()
        threads |= crew.threads
        crew.workers.close()
    assert len(threads) == 120
    assert wait_until(ended(threads))


def test_a_crew_that_is_gone_has_no_threads():
    crew = Crew(4)
    crew.workers.run()
    threads = crew.threads
    del crew
    gc.collect()
    assert wait_until(ended(threads))


def test_closing_twice_is_closing_once():
    crew = Crew(2)
    crew.workers.close()
    crew.workers.close()
    assert wait_until(ended(crew.threads))


def test_a_worker_does_not_keep_the_process_alive():
    crew = Crew(3)
    assert all(thread.daemon for thread in crew.threads)
    crew.workers.close()


def test_cores_are_those_that_this_process_may_use(monkeypatch):
    assert 1 <= available_cores() <= os.cpu_count()
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


@pytest.mark.parametrize("system", ["win32", "darwin", "linux"])
@pytest.mark.parametrize("machine", ["x86_64", "riscv64"])
def test_workers_wait_as_the_system_lets_them(monkeypatch, system, machine):
    monkeypatch.setattr(workers.sys, "platform", system)
    monkeypatch.setattr(workers.platform, "machine", lambda: machine)
    give_way, futex, number = workers.system_calls()
    assert (give_way != 0) == (system != "win32")
    assert (futex != 0) == (number != 0) == ((system, machine) == ("linux", "x86_64"))
    crew = Crew(2)
    crew.workers.run()
    np.testing.assert_array_equal(crew.counts, 1)
    crew.workers.close()
    assert wait_until(ended(crew.threads))


def test_a_system_that_gives_no_more_threads_is_said(monkeypatch):
    started = []

    def start(thread):
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        real(thread)

    real = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(ResourceError, match=r"allows 3 of 5 threads\. Use fewer"):
        Crew(5)
    assert wait_until(ended(started))
