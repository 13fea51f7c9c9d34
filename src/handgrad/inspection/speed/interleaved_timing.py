"""Interleaved runs: machine speed drifts, so only consecutive runs are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter, sleep
from typing import Any

import numpy as np

from handgrad.inspection.speed.allocator import page_faults
from handgrad.inspection.speed.peaks import calibrate, seconds_of

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

    def fastest(self) -> str:
        """The racer with the smallest median time per step."""
        return min(self.seconds, key=lambda name: self.time(name).median)


def spread(numbers: Sequence[float]) -> Spread:
    """The quartiles."""
    return Spread(*np.percentile(numbers, [25, 50, 75]).tolist())


def run_laps(racers: Sequence[Racer], laps: int, *, lap_seconds: float = 0.5) -> Laps:
    """Run one lap of every racer per round, reversing the order after each round.

    The first round warms up and does not count. A lap has at least one timed step.
    """
    seconds: dict[str, list[float]] = {racer.name: [] for racer in racers}
    faults: dict[str, list[float]] = {racer.name: [] for racer in racers}
    calibration = []
    for racer in racers:
        _run(racer, lap_seconds)
    for lap in range(laps):
        calibration.append(calibrate())
        for racer in racers if lap % 2 == 0 else reversed(racers):
            times, pages = _run(racer, lap_seconds)
            seconds[racer.name].append(float(np.median(times)))
            faults[racer.name].append(pages / len(times))
    return Laps(
        seconds,
        calibration,
        {name: float(np.median(found)) for name, found in faults.items()},
    )


def _run(racer: Racer, lap_seconds: float) -> tuple[list[float], int]:
    """Seconds of each step after an untimed one, and the number of page faults."""
    sleep(REST)
    racer.get_ready()
    racer.step(0)
    before, times = page_faults(), list[float]()
    end = perf_counter() + lap_seconds
    while not times or perf_counter() < end:
        times.append(seconds_of(partial(racer.step, len(times) + 1)))
    return times, page_faults() - before
