"""The loop that runs programs, with Python functions in the place of kernels."""

import ctypes
from threading import Thread
from time import perf_counter, sleep, thread_time

import numpy as np
import pytest

from handgrad.engine.kernels import execute
from handgrad.engine.workers import LONGEST_SLEEP, system_calls

SECONDS = 0.4  # that a worker is late
NONE, SYSTEM = (0, 0, 0), system_calls()
KIND = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class Tape:
    """Tables whose every operation notes its arguments, tile and worker."""

    def __init__(self, *phases):
        self.seen = []
        self._note = KIND(lambda *numbers: self.seen.append(numbers))
        address = ctypes.cast(self._note, ctypes.c_void_p).value
        phase_rows, task_rows, operations = [], [], []
        for tasks in phases:
            phase_rows.append((len(task_rows), len(tasks)))
            for tile, numbers in enumerate(tasks):
                task_rows.append((len(operations), len(numbers), tile))
                operations += [(address, number) for number in numbers]
        self.tables = tuple(
            np.array(rows, dtype=np.int64).reshape(-1, width)
            for rows, width in ((phase_rows, 2), (task_rows, 3), (operations, 2))
        )
        cells = execute.FIRST + 2 * len(phases)
        self._control = np.zeros((cells + 1) * execute.LINE, np.int64)
        self.control = -(-self._control.ctypes.data // 64) * 64
        self.number(execute.LIMIT)[0] = execute.NO_LIMIT
        self.number(execute.TIMEOUT)[1] = LONGEST_SLEEP

    def number(self, index):
        """One number of the control block."""
        offset = execute.cell(self.control, index) - self._control.ctypes.data
        return self._control[offset // 8 :]


def test_phases_tasks_and_operations_follow_one_another():
    tape = Tape([[1, 2], [3]], [[4], [], [5, 6]])
    execute.run_step(tape.tables, tape.control, 1, 0, 1, NONE)
    assert tape.seen == [
        *((1, 0, 0), (2, 0, 0), (3, 1, 0)),
        *((4, 0, 0), (5, 2, 0), (6, 2, 0)),
    ]


def test_tiles_beyond_a_limit_are_passed_over_but_counted():
    tape = Tape([[1], [2], [3]], [[4], [5]])
    for generation, limit in enumerate((2, 0, 9), 1):
        tape.number(execute.LIMIT)[0] = limit
        execute.run_step(tape.tables, tape.control, generation, 0, 1, NONE)
    assert [numbers[0] for numbers in tape.seen] == [1, 2, 4, 5, 1, 2, 3, 4, 5]


def test_a_step_can_be_run_again():
    tape = Tape([[1], [2]], [[3]])
    for generation in (1, 2, 3):
        execute.run_step(tape.tables, tape.control, generation, 0, 1, NONE)
    assert [numbers[0] for numbers in tape.seen] == [1, 2, 3] * 3


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("system", [NONE, (SYSTEM[0], 0, 0), SYSTEM])
def test_workers_share_tasks_and_meet_between_phases(workers, system):
    tape = Tape([[n] for n in range(20)], [[n] for n in range(100, 120)])
    steps = 4
    threads = [
        Thread(target=serve_until, args=(tape, worker, workers, system), daemon=True)
        for worker in range(1, workers)
    ]
    for thread in threads:
        thread.start()
    for generation in range(1, steps + 1):
        execute.announce(tape.control, generation)
        execute.run_step(tape.tables, tape.control, generation, 0, workers, system)
    tape.number(execute.STOP)[0] = 1
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
    numbers = [number for number, _, _ in tape.seen]
    for step in range(steps):
        part = numbers[40 * step : 40 * (step + 1)]
        assert sorted(part[:20]) == list(range(20))
        assert sorted(part[20:]) == list(range(100, 120))


def serve_until(tape, worker, workers, system):
    """Serve until told to stop, however often the wait seems long."""
    generation = 0
    while tape.number(execute.STOP)[0] == 0:
        generation = execute.serve(
            tape.tables, tape.control, generation, worker, workers, 1000, system
        )


@pytest.mark.skipif(SYSTEM[1] == 0, reason="the system has no futex")
def test_a_worker_sleeps_until_the_others_have_come():
    """It wakes when they have, and takes little of the processor meanwhile."""
    tape, workers = Tape([[1]], [[2]]), 2

    def come_late():
        sleep(SECONDS)
        execute.run_step(tape.tables, tape.control, 1, 1, workers, SYSTEM)

    thread = Thread(target=come_late, daemon=True)
    begun, took = perf_counter(), thread_time()
    thread.start()
    execute.run_step(tape.tables, tape.control, 1, 0, workers, SYSTEM)
    seconds, own = perf_counter() - begun, thread_time() - took
    thread.join(timeout=20)
    assert seconds >= SECONDS
    assert own < SECONDS / 2
    assert tape.number(execute.ASLEEP)[0] == 0
    assert [numbers[0] for numbers in tape.seen] == [1, 2]


def test_an_idle_worker_comes_back():
    tape = Tape([[1]])
    assert execute.serve(tape.tables, tape.control, 5, 1, 1, 10, NONE) == 5
    assert tape.seen == []


def test_a_worker_that_is_told_to_stop_runs_nothing():
    tape = Tape([[1]])
    execute.announce(tape.control, 1)
    tape.number(execute.STOP)[0] = 1
    assert execute.serve(tape.tables, tape.control, 0, 1, 1, 10, NONE) == 0
    assert tape.seen == []


def test_sleepers_are_counted():
    tape = Tape([[1]])
    assert execute.announce(tape.control, 7) == 0
    assert execute.park(tape.control, 1) == 7
    assert execute.announce(tape.control, 8) == 1
    assert execute.park(tape.control, -1) == 8
    assert execute.announce(tape.control, 9) == 0


def test_numbers_of_the_control_block_have_a_cache_line_each():
    assert execute.cell(1000, 1) - execute.cell(1000, 0) == 64
