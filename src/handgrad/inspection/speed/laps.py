"""Laps in turn: machines have fast and slow spells, so only neighbours are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

import numpy as np

from handgrad.inspection.speed.allocator import page_faults
from handgrad.inspection.speed.peaks import calibrate

WARM_UP = 5  # steps
REST = 0.01  # seconds between laps, in which the other's threads fall asleep


@dataclass(frozen=True)
class Racer:
    """One who runs: `step(number)` does one step; `get_ready` comes before each lap."""

    name: str
    step: Callable[[int], Any]
    get_ready: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Spread:
    """The middle of some numbers, and the quarters around it."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Laps:
    """The times of all laps, in the order in which they were run.

    Units
        seconds      of one step, by racer: the median of each lap
        calibration  seconds of a small matrix product before each lap of all
        page_faults  in one step, by racer
    """

    seconds: dict[str, list[float]]
    calibration: list[float]
    page_faults: dict[str, float]

    def time(self, name: str) -> Spread:
        """Seconds of a racer's step."""
        return spread(self.seconds[name])

    def ratio(self, name: str, to: str) -> Spread:
        """How many times as long one takes as the other, lap by lap."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return spread([theirs / ours for theirs, ours in pairs])


def spread(numbers: Sequence[float]) -> Spread:
    """The quartiles."""
    return Spread(*np.percentile(numbers, [25, 50, 75]).tolist())


def run_laps(racers: Sequence[Racer], laps: int, *, lap_seconds: float = 0.5) -> Laps:
    """Let everybody run a lap, then again the other way round, and so on."""
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
    """How many steps make a lap, by the fastest of a few."""
    _, times = _run(racer, WARM_UP)
    return max(1, round(lap_seconds / min(times)))


def _run(racer: Racer, count: int) -> tuple[int, list[float]]:
    """Page faults before, and the seconds of each step after one that is not timed."""
    sleep(REST)
    racer.get_ready()
    racer.step(0)
    before, times = page_faults(), []
    for number in range(1, count + 1):
        start = perf_counter()
        racer.step(number)
        times.append(perf_counter() - start)
    return before, times
