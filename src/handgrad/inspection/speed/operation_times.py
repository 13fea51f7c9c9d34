"""The time of each operation of a training step, and its distance from the limit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.cpu import CpuEngine
from handgrad.engine.engine import Batch
from handgrad.engine.operation import Operation
from handgrad.inspection.speed.networks import textbook_operations
from handgrad.inspection.speed.peaks import Peaks, seconds_of
from handgrad.inspection.speed.recorded_times import Group, PlainWork, StampedProgram

WARM_UP = 3
PLAIN = "reference implementation"


@dataclass(frozen=True)
class OperationTime:
    """One operation of the program, summed over all tasks that run it in a step.

    Units
        seconds     worker time of all runs in a step; median over steps
        fastest     the same, minimum over steps
        operations  operations of all runs in a step; `bytes` likewise, read and written

    `by_unit` says whether its products use the matrix unit.
    """

    phase: str
    kernel: str
    stands_for: str
    runs: int
    seconds: float
    fastest: float
    operations: int
    bytes: int
    by_unit: bool = False

    @property
    def operations_per_second(self) -> float:
        """Operations per second of one worker."""
        return self.operations / max(self.seconds, 1e-9)

    @property
    def bytes_per_second(self) -> float:
        """Bytes read and written per second by one worker."""
        return self.bytes / max(self.seconds, 1e-9)

    def limit_seconds(self, peaks: Peaks) -> float:
        """The roofline limit: the minimum worker time on this machine.

        Equations
            limit = max(operations / matrix peak, bytes / cache bandwidth) * workers

        For operations on the matrix unit, the peak is that of the matrix unit.
        """
        peak = peaks.unit_all if self.by_unit else peaks.matrix_all
        compute = self.operations / peak
        return peaks.workers * max(compute, self.bytes / peaks.cache_all)

    def fraction_of_limit(self, peaks: Peaks) -> float:
        """The minimum time divided by the measured time."""
        return self.limit_seconds(peaks) / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class StepTimes:
    """Times of a training step and of its operations.

    Units
        step_seconds         median of steps as they run in training
        fastest_seconds      minimum of these steps
        stamped_seconds      median of steps in which every operation is timed
        textbook_operations  operations of one step; see `networks`
    """

    rows: tuple[OperationTime, ...]
    step_seconds: float
    fastest_seconds: float
    stamped_seconds: float
    workers: int
    batch_size: int
    textbook_operations: int

    @property
    def kernel_seconds(self) -> float:
        """Time spent in operations, summed over all workers."""
        return sum(row.seconds for row in self.rows)

    @property
    def share_outside(self) -> float:
        """Fraction of the worker time outside of operations: waiting, and Python."""
        return max(0.0, 1 - self.kernel_seconds / self._workers_time)

    def share(self, row: OperationTime) -> float:
        """Fraction of the worker time spent in an operation."""
        return row.seconds / self._workers_time

    def fraction_of_peak(self, peaks: Peaks) -> float:
        """Textbook operations per second of the step, divided by the matrix peak."""
        return self.textbook_operations / (self.step_seconds * peaks.matrix_all)

    @property
    def _workers_time(self) -> float:
        return self.workers * self.stamped_seconds


def time_steps(
    engine: CpuEngine, images: NumpyArray, targets: NumpyArray, *, steps: int = 30
) -> StepTimes:
    """Time normal and timestamped steps in turn, then restore the engine's state."""
    before = engine.state()
    batches = random_batches(images, targets, engine.batch_size, WARM_UP + steps)
    engine.train_step(batches[0], 1)  # compile all kernels before timing
    stamped = StampedProgram(engine.training.program)
    whole, timed, parts = [], [], []
    for step, batch in enumerate(batches, 1):
        train = partial(engine.train_step, batch, step)
        whole.append(seconds_of(train))
        with instead(engine, stamped):
            timed.append(seconds_of(train))
        parts.append(stamped.seconds())
    engine.restore(before)
    whole, timed, parts = whole[WARM_UP:], timed[WARM_UP:], parts[WARM_UP:]
    operations = textbook_operations(engine.model, engine.input_shape)
    return StepTimes(
        table(stamped, np.median(parts, axis=0), np.min(parts, axis=0)),
        float(np.median(whole)),
        min(whole),
        float(np.median(timed)),
        engine.workers,
        engine.batch_size,
        operations * engine.batch_size,
    )


def random_batches(
    images: NumpyArray, targets: NumpyArray, batch_size: int, count: int, seed: int = 0
) -> list[Batch]:
    """Random batches, epoch by epoch."""
    rng = np.random.default_rng(seed)
    size = min(batch_size, len(images))
    rows: list[NumpyArray] = []
    while len(rows) < count:
        order = rng.permutation(len(images))
        rows += np.split(order[: len(order) // size * size], len(order) // size)
    return [Batch(images, targets, part, part) for part in rows[:count]]


def table(
    stamped: StampedProgram, seconds: NumpyArray, fastest: NumpyArray
) -> tuple[OperationTime, ...]:
    """One row per operation, in program order."""
    times = iter(zip(seconds.tolist(), fastest.tolist(), strict=True))
    rows: list[OperationTime] = []
    for part in stamped.parts:
        if isinstance(part, PlainWork):
            found = OperationTime(part.phase, PLAIN, part.phase, 1, *next(times), 0, 0)
            rows.append(found)
        else:
            rows += [
                _row(part, operation, next(times)) for operation in part.operations
            ]
    return tuple(rows)


def _row(
    part: Group, operation: Operation, times: tuple[float, float]
) -> OperationTime:
    """One operation of a group, summed over all tasks of the group."""
    runs = len(part.tiles)
    return OperationTime(
        part.phase,
        operation.entry.name.strip("_"),
        operation.stands_for,
        runs,
        *times,
        runs * operation.operations,
        runs * operation.bytes,
        operation.entry.by_unit,
    )


@contextmanager
def instead(engine: CpuEngine, stamped: StampedProgram) -> Iterator[None]:
    """Replace the engine's program by the timestamped one within the context."""
    own = engine.training.program
    engine.training.program = stamped.program
    try:
        yield
    finally:
        engine.training.program = own
