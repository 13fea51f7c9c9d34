"""Workers: threads that run a program's tasks, and meet between its phases.

The caller is worker 0. The others wait in compiled code, without the interpreter's
lock, and go to sleep when nothing was announced for about a millisecond.
"""

import ctypes
import os
import sys
import threading
import weakref
from dataclasses import dataclass

import numpy as np

from handgrad.arrays import NumpyArray, memory_address
from handgrad.engine.kernels import execute

IDLE_SPINS = 20_000
Tables = tuple[NumpyArray, NumpyArray, NumpyArray]


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _yield_address() -> int:
    """The address of sched_yield, or 0 where there is none."""
    if sys.platform == "win32":
        return 0
    function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@dataclass(frozen=True)
class _Shared:
    """What all workers of a crew look at; holds the memory of the control block."""

    tables: Tables
    control: NumpyArray
    address: int
    yield_address: int
    count: int

    @property
    def is_stopped(self) -> bool:
        offset = execute.cell(self.address, execute.STOP) - memory_address(self.control)
        return bool(self.control[offset // 8])

    def stop(self) -> None:
        self.write(execute.STOP, 1)

    def write(self, index: int, value: int) -> None:
        """Set one number of the control block, while no step runs."""
        offset = execute.cell(self.address, index) - memory_address(self.control)
        self.control[offset // 8] = value


class Workers:
    """A crew for one program: `run()` runs it once, on all workers."""

    def __init__(self, tables: Tables, count: int) -> None:
        cells = execute.FIRST + 2 * len(tables[0])
        control = np.zeros((cells + 1) * execute.LINE, dtype=np.int64)
        address = -(-control.ctypes.data // 64) * 64  # the start of a cache line
        self.count = count
        self._shared = _Shared(tables, control, address, _yield_address(), count)
        self._generation = 0
        self._wake = [threading.Event() for _ in range(1, count)]
        self._threads = [
            threading.Thread(target=_work, args=(self._shared, worker, event))
            for worker, event in enumerate(self._wake, start=1)
        ]
        for thread in self._threads:
            thread.daemon = True
            thread.start()
        self.close = weakref.finalize(self, _end, self._shared, self._wake)

    def run(self, tiles: int = execute.NO_LIMIT) -> None:
        """Run the program once, its first tiles only; returns when all is done."""
        shared = self._shared
        shared.write(execute.LIMIT, tiles)
        self._generation += 1
        if self._wake and execute.announce(shared.address, self._generation):
            for event in self._wake:
                event.set()
        execute.run_step(
            shared.tables,
            shared.address,
            self._generation,
            0,
            self.count,
            shared.yield_address,
        )


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
            shared.yield_address,
        )
        wake.clear()
        if execute.park(shared.address, 1) <= generation and not shared.is_stopped:
            wake.wait()
        execute.park(shared.address, -1)


def _end(shared: _Shared, events: list[threading.Event]) -> None:
    shared.stop()
    for event in events:
        event.set()
