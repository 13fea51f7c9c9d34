"""Interleaved runs: machine speed drifts, so only consecutive runs are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

import numpy as np

from handgrad.inspection.speed.allocator import page_faults
from handgrad.inspection.speed.peaks import calibrate

WARM_UP = 5  # steps
REST = 0.01  # seconds between laps, for the other's spinning threads to go to sleep


@dataclass(frozen=True)
class Racer:
    """A contestant: `step(number)` runs one step; `get_ready` runs before each lap."""

    name: str
    step: Callable[[int], Any]
    get_ready: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Spread:
    """The median and the quartiles of some numbers."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Laps:
    """The times of all laps, in order.

    Units
        seconds      seconds per step, by racer: the median of each lap
        calibration  seconds of a small matrix product before each round of laps
        page_faults  page faults per step, by racer
    """

    seconds: dict[str, list[float]]
    calibration: list[float]
    page_faults: dict[str, float]

    def time(self, name: str) -> Spread:
        """Seconds per step of a racer."""
        return spread(self.seconds[name])

    def ratio(self, name: str, to: str) -> Spread:
        """The time per step of `name` divided by that of `to`, lap by lap."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return spread([theirs / ours for theirs, ours in pairs])


def spread(numbers: Sequence[float]) -> Spread:
    """The quartiles."""
    return Spread(*np.percentile(numbers, [25, 50, 75]).tolist())


def run_laps(racers: Sequence[Racer], laps: int, *, lap_seconds: float = 0.5) -> Laps:
    """Run one lap of every racer per round, reversing the order after each round."""
    steps = {racer.name: _steps_in(racer, lap_seconds) for racer in racers}
    seconds: dict[str, list[float]] = {racer.name: [] for racer in racers}
    faults: dict[str, list[float]] = {racer.name: [] for racer in racers}
    calibration = []
    for lap in range(laps):
        calibration.append(calibrate())
        for racer in racers if lap % 2 == 0 else reversed(racers):
            count = steps[racer.name]
            before, times = _run(racer, count)
            seconds[racer.name].append(float(np.median(times)))
            faults[racer.name].append((page_faults() - before) / count)
    return Laps(
        seconds,
        calibration,
        {name: float(np.median(found)) for name, found in faults.items()},
    )


def _steps_in(racer: Racer, lap_seconds: float) -> int:
    """The number of steps per lap, from the fastest of a few steps."""
    _, times = _run(racer, WARM_UP)
    return max(1, round(lap_seconds / min(times)))


def _run(racer: Racer, count: int) -> tuple[int, list[float]]:
    """The page fault count at the start, and seconds per step after an untimed step."""
    sleep(REST)
    racer.get_ready()
    racer.step(0)
    before, times = page_faults(), []
    for number in range(1, count + 1):
        start = perf_counter()
        racer.step(number)
        times.append(perf_counter() - start)
    return before, times
