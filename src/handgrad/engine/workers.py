"""Workers: threads that run a program's tasks, with a barrier between its phases.

The caller is worker 0. The others wait in compiled code, without the global interpreter
lock, and sleep when no step was announced for about a millisecond.
"""

import ctypes
import os
import platform
import sys
import threading
import weakref
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from handgrad.arrays import NumpyArray, memory_address
from handgrad.engine.forks import fork_count
from handgrad.engine.kernels import execute
from handgrad.errors import ResourceError

IDLE_SPINS = 20_000
Tables = tuple[NumpyArray, NumpyArray, NumpyArray]


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


FUTEX = {"x86_64": 202, "aarch64": 98}  # the number of the system call
LONGEST_SLEEP = 10_000_000  # nanoseconds


def system_calls() -> tuple[int, int, int]:
    """Addresses of sched_yield and syscall, and futex's number; 0 for what is missing.

    Source
        Linux, man 2 futex
    """
    if sys.platform == "win32":
        return 0, 0, 0
    library = ctypes.CDLL(None)
    give_way = ctypes.cast(library.sched_yield, ctypes.c_void_p).value or 0
    number = FUTEX.get(platform.machine(), 0) if sys.platform == "linux" else 0
    if number == 0:
        return give_way, 0, 0
    return give_way, ctypes.cast(library.syscall, ctypes.c_void_p).value or 0, number


@dataclass(frozen=True)
class _Shared:
    """What the workers of a program share; owns the memory of the control block."""

    tables: Tables
    control: NumpyArray
    address: int
    system: tuple[int, int, int]
    count: int
    forks: int  # of the process that its threads belong to

    @property
    def is_stopped(self) -> bool:
        return bool(self.cells[execute.STOP])

    def stop(self) -> None:
        self.cells[execute.STOP] = 1

    @property
    def runs(self) -> int:
        """How often all workers have finished the last phase."""
        phases = self.tables[0]
        last = execute.FIRST + 2 * (len(phases) - 1)
        if self.count == 1:  # its counter is of the tasks, and one more
            return int(self.cells[last]) // (int(phases[-1, 1]) + 1)
        return int(self.cells[last + 1]) // self.count

    @cached_property
    def cells(self) -> NumpyArray:
        """The numbers of the control block, in the order of their indices."""
        start = (self.address - memory_address(self.control)) // 8
        return self.control[start :: execute.LINE]


def _shared(tables: Tables, count: int) -> _Shared:
    cells = execute.FIRST + 2 * len(tables[0])
    control = np.zeros((cells + 1) * execute.LINE, dtype=np.int64)
    address = -(-control.ctypes.data // 64) * 64  # the start of a cache line
    shared = _Shared(tables, control, address, system_calls(), count, fork_count())
    first = (address - memory_address(control)) // 8 + execute.TIMEOUT * execute.LINE
    control[first + 1] = LONGEST_SLEEP
    return shared


class Workers:
    """The threads of one program: `run()` runs it once, on all of them.

    A child of a fork has none of its parent's threads, and starts its own.
    """

    def __init__(self, tables: Tables, count: int) -> None:
        self.count = count
        self._runs_of_parents = 0
        self._start(tables)

    @property
    def runs(self) -> int:
        """How often the program was completed, here or in a parent process."""
        return self._runs_of_parents + self._shared.runs

    @property
    def runs_noted(self) -> int:
        """The same while no run is in progress, and faster."""
        return self._runs_of_parents + self._generation

    def _start(self, tables: Tables) -> None:
        self._shared = _shared(tables, self.count)
        self._generation = 0
        self._wake = [threading.Event() for _ in range(1, self.count)]
        self._threads = [
            threading.Thread(target=_work, args=(self._shared, worker, event))
            for worker, event in enumerate(self._wake, start=1)
        ]
        self.close = weakref.finalize(self, _end, self._shared, self._wake)
        for number, thread in enumerate(self._threads, start=1):
            thread.daemon = True
            try:
                thread.start()
            except RuntimeError as error:
                self.close()
                raise ResourceError(
                    f"The system allows {number} of {self.count} threads. Use fewer "
                    f"workers, such as {available_cores()}."
                ) from error

    def run(self, tiles: int = execute.NO_LIMIT) -> BaseException | None:
        """Run the program once, its first tiles only; returns when all is done.

        An exception of a signal handler is returned, for the caller to raise: if this
        worker left a step, the others would wait for it.
        """
        if self._shared.forks != fork_count():
            self.close.detach()
            self._runs_of_parents = self.runs
            self._start(self._shared.tables)
        self._shared.cells[execute.LIMIT] = tiles
        generation = self._generation + 1
        try:
            self._step(generation)
        except BaseException as error:  # of a signal handler: nothing else raises here
            if self._shared.runs < generation:
                self._step(generation)
            self._generation = generation
            return error
        return None

    def _step(self, generation: int) -> None:
        shared = self._shared
        if self._wake and execute.announce(shared.address, generation):
            for event in self._wake:
                event.set()
        execute.run_step(
            shared.tables,
            shared.address,
            generation,
            0,
            self.count,
            shared.system,
        )
        self._generation = generation


def _work(shared: _Shared, worker: int, wake: threading.Event) -> None:
    """Serve steps; sleep when idle. Only the worker itself clears its event."""
    generation = 0
    while not shared.is_stopped:
        generation = execute.serve(
            shared.tables,
            shared.address,
            generation,
            worker,
            shared.count,
            IDLE_SPINS,
            shared.system,
        )
        wake.clear()
        if execute.park(shared.address, 1) <= generation and not shared.is_stopped:
            wake.wait()
        execute.park(shared.address, -1)


def _end(shared: _Shared, events: list[threading.Event]) -> None:
    if shared.forks != fork_count():
        return  # the threads are the parent's
    shared.stop()
    for event in events:
        event.set()
