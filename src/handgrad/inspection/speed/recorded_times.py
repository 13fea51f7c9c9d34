"""A program that records a timestamp before and after each of its operations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.memory_plan import Memory, pointer_to
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Program, Task
from handgrad.inspection.speed.clock import CLOCK, STAMP_BYTES, stamp

NANOSECOND = 1e-9


@dataclass
class Group:
    """Operations shared by several tasks, and the timestamps of the last run.

    Shapes
        stamps  (tiles, operations + 1, 2): seconds and nanoseconds
    """

    phase: str
    operations: Sequence[Operation]
    stamps: NumpyArray
    tiles: list[int] = field(default_factory=list)
    with_stamps: list[Operation] = field(default_factory=list)

    def seconds(self) -> NumpyArray:
        """Seconds of each operation, summed over all tasks."""
        return spans(self.stamps[self.tiles])


@dataclass
class PlainWork:
    """Work of the reference implementation between compiled phases."""

    phase: str
    work: Callable[[], None]
    elapsed: float = 0.0

    def __call__(self) -> None:
        start = perf_counter()
        self.work()
        self.elapsed = perf_counter() - start


class StampedProgram:
    """A copy of a program with the same operations on the same memory, timed.

    The operations run on all of the engine's workers at once, with the caches as the
    previous operation left them.
    """

    def __init__(self, program: Program) -> None:
        self.parts: list[Group | PlainWork] = []
        phases = [self._phase(phase) for phase in program.phases]
        self.program = Program(phases, program.memory)
        self._cost = cost_of_a_stamp()

    def seconds(self) -> NumpyArray:
        """Seconds of each operation in the last run, in program order."""
        found: list[NumpyArray] = []
        for part in self.parts:
            if isinstance(part, PlainWork):
                found.append(np.array([part.elapsed]))
            else:
                cost = len(part.tiles) * self._cost
                found.append(np.maximum(part.seconds() - cost, 0))
        return np.concatenate(found)

    def _phase(self, phase: Phase) -> Phase:
        if phase.plain is not None:
            plain = PlainWork(phase.name, phase.plain)
            self.parts.append(plain)
            return Phase(phase.name, plain=plain)
        groups: dict[int, Group] = {}
        tiles = 1 + max(task.tile for task in phase.tasks)
        tasks = []
        for task in phase.tasks:
            key = id(task.operations)
            if key not in groups:
                groups[key] = _group(phase.name, task.operations, tiles)
                self.parts.append(groups[key])
            groups[key].tiles.append(task.tile)
            tasks.append(Task(groups[key].with_stamps, task.tile))
        return Phase(phase.name, tasks)


def cost_of_a_stamp(count: int = 64) -> float:
    """Seconds between two consecutive timestamps."""
    group = _group("stamps", [], 1)
    stamps = np.zeros((1, count + 1, 2), dtype=np.int64)
    operations = [_stamp(stamps, index) for index in range(count + 1)]
    memory = Memory(1, 1, 1, per_tile=False)
    alone = Program([Phase(group.phase, [Task(operations)])], memory)
    for _ in range(5):
        alone.run()
    between = np.diff(stamps[0, :, 0]) + NANOSECOND * np.diff(stamps[0, :, 1])
    return float(np.median(between))


def spans(stamps: NumpyArray) -> NumpyArray:
    """Seconds between consecutive timestamps, summed over the rows."""
    seconds, nanoseconds = np.diff(stamps, axis=1).sum(axis=0).T
    total: NumpyArray = seconds + NANOSECOND * nanoseconds
    return total


def _group(phase: str, operations: Sequence[Operation], tiles: int) -> Group:
    """One timestamp at the start and after each operation; one row per tile."""
    stamps = np.zeros((tiles, len(operations) + 1, 2), dtype=np.int64)
    group = Group(phase, operations, stamps)
    group.with_stamps.append(_stamp(stamps, 0))
    for index, operation in enumerate(operations, 1):
        group.with_stamps += [operation, _stamp(stamps, index)]
    return group


def _stamp(stamps: NumpyArray, index: int) -> Operation:
    row = pointer_to(stamps, "stamps").by_tile(stamps.shape[1] * STAMP_BYTES)
    return Operation(
        stamp, "timestamp", place=row.plus(index * STAMP_BYTES), clock=CLOCK
    )
