"""The result of a race, as text and as plain values."""

import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from handgrad.engine.workers import available_cores
from handgrad.inspection.speed.interleaved_timing import spread
from handgrad.inspection.speed.race import OURS, Race
from handgrad.training.environment import describe_environment, processor_name

MILLI = 1e-3
LIBRARIES = ("numpy", "scipy", "numba", "torch")


def values(race: Race) -> dict[str, Any]:
    """All results as plain values: laps, losses and environment."""
    calibration = spread(race.laps.calibration)
    return {
        "network": race.network,
        "batch_size": race.batch_size,
        "workers": race.workers,
        "racers": {
            name: {
                "threads": race.threads.get(name, race.workers),
                "seconds": asdict(race.laps.time(name)),
                "laps": race.laps.seconds[name],
                "ratio": asdict(race.laps.ratio(name, OURS)),
                "page_faults_per_step": race.laps.page_faults[name],
            }
            for name in race.laps.seconds
        },
        "agreement": {
            name: {
                **asdict(agreement),
                "worst": agreement.worst,
                "bound": agreement.bound,
            }
            for name, agreement in race.agreements.items()
        },
        "calibration_seconds": asdict(calibration),
        "allocator_keeps_memory": race.keeps_memory,
        "versions": versions(),
        "environment": describe_environment(),
        "date": today(),
    }


def steadiness(race: Race) -> str:
    """A sentence on the steadiness of the machine and on page faults."""
    found = spread(race.laps.calibration)
    faults = ", ".join(
        f"{name} {count:.0f}" for name, count in race.laps.page_faults.items()
    )
    return (
        f"{len(race.laps.calibration)} laps; a reference matrix product before each "
        f"took {found.median / MILLI:.2f} ms ({found.low / MILLI:.2f} to "
        f"{found.high / MILLI:.2f}). Page faults per step: {faults}."
    )


def versions() -> dict[str, str]:
    """The versions of the installed libraries."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Processor, versions and date of the measurement, in one line."""
    libraries = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        f"{processor_name()}, {available_cores()} cores; "
        f"Python {platform.python_version()}, {libraries}; {today()}"
    )


def today() -> str:
    """Today's date in UTC."""
    return datetime.now(UTC).date().isoformat()
