"""Measured speed of the candidates on this machine, a few training steps each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean
from time import monotonic
from typing import Any

import numpy as np

from handgrad.arrays import Shape
from handgrad.auto.candidates import Candidate
from handgrad.datasets import Dataset, Split
from handgrad.errors import ConfigError, HandgradError, ResourceError, ShapeError
from handgrad.ranges import MOST
from handgrad.training.build import assemble
from handgrad.training.config import RunConfig
from handgrad.training.data_place import ARRAYS
from handgrad.training.records import StepRecord

STEPS = 4  # the first is not counted: it touches all memory for the first time
LONG_STEP = 2.0  # seconds, after which fewer steps are enough
PATTERN = 251  # a prime, so that the rows of an image differ


@dataclass(frozen=True)
class Pace:
    """The speed of a candidate.

    Units
        image  seconds per image of a training step
    """

    candidate: Candidate
    image: float


def measure(
    candidates: Iterable[Candidate],
    seconds_per_image: Callable[[Candidate], float],
    seconds: float,
    is_too_slow: Callable[[Pace], bool],
    clock: Callable[[], float] = monotonic,
) -> list[Pace]:
    """Measure candidates, cheapest first, until the time is over or one is too slow.

    `seconds_per_image` measures one; `is_too_slow` says whether a candidate has time
    for too few epochs, so that the next need not be measured. At least one is measured.
    A candidate that cannot be trained is left out, because of its size or an option
    that it does not have; if none can, the error of the first is raised.
    """
    found: list[Pace] = []
    begun: float | None = None  # after the first, which loads the engine
    failure: HandgradError | None = None
    names: list[str] = []
    for candidate in candidates:
        names.append(str(candidate.model["name"]))
        if begun is not None and clock() - begun >= seconds:
            break
        try:
            found.append(Pace(candidate, seconds_per_image(candidate)))
        except (ConfigError, ResourceError, ShapeError) as error:
            failure = failure or error
            continue
        if is_too_slow(found[-1]):
            break
        begun = clock() if begun is None else begun
    if found:
        return found
    if isinstance(failure, ConfigError) and len(set(names)) > 1:
        tried = ", ".join(dict.fromkeys(names))
        raise ConfigError(
            f"None of the networks that a plan considers here ({tried}) can be trained "
            f"with these settings. {failure}"
        ) from failure
    assert failure is not None, "there is at least one candidate"
    raise failure


def seconds_per_image(
    config: RunConfig,
    shape: Shape,
    classes: int,
    *,
    images: int = MOST,
    dtype: str = "uint8",
    window: float = 0.0,
    workers: int | None = None,
    announce: Any = None,
) -> float:
    """Mean time of a few training steps on an arbitrary pattern, or of many.

    `config` is that of the run, `shape` that of one example. ConfigError, ShapeError or
    ResourceError if this network cannot be trained here.

    Units
        images  of the training, which a batch cannot exceed
        window  seconds that the steps take together, at least
    """
    batch = min(config.training.batch_size, images)
    count = STEPS * batch
    pattern = np.resize(np.arange(PATTERN).astype(dtype), (count, *shape))
    train = Split(pattern, np.arange(count, dtype=np.int64) % classes)
    tables = {"name": ARRAYS, "validation": "none", "train_count": None}
    unending = {"epochs": MOST, "average_from": None, "batch_size": batch}
    config = config.model_copy(
        update={
            "dataset": config.dataset.model_copy(update=tables),
            "loss": config.loss.model_copy(update={"class_weight": None}),
            "training": config.training.model_copy(update=unending),
        }
    )
    data = Dataset(ARRAYS, train, None, tuple(map(str, range(classes))), "")
    parts = assemble(config, data, workers=workers, announce=announce)
    taken: list[float] = []
    for record in parts.trainer:
        if isinstance(record, StepRecord):
            taken.append(record.duration_seconds)
        is_enough = len(taken) >= STEPS or (len(taken) > 1 and taken[-1] > LONG_STEP)
        if is_enough and sum(taken[1:]) >= window:
            break
    return fmean(taken[1:]) / batch
