"""A learning rate by trial: one short run in which it grows from step to step.

Source
    Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets import Normalization, Split
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.losses import Loss
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, permutation
from handgrad.ranges import check_at_least, check_positive
from handgrad.schedules import Schedule

STEPS = 100
MOST_STEPS = 10_000
SMOOTHING = 0.9  # weight of the past in the smoothed loss
MARGIN = 3.0  # how far below the rate of the lowest loss a suggestion stays
BURST = 4.0  # a smoothed loss this many times the lowest ends the sweep


@dataclass(frozen=True)
class Sweep:
    """The losses at each learning rate, up to where the sweep ended.

    Shapes
        rates, losses, smoothed  (steps taken,), all finite

    Units
        suggestion  a learning rate; None if the loss never fell
    """

    rates: NumpyArray
    losses: NumpyArray
    smoothed: NumpyArray
    suggestion: float | None
    reason: str
    ended: str


def learning_rate_finder(  # noqa: PLR0913 (a run in one call)
    model: Sequential,
    train: Split,
    *,
    loss: Loss[Any],
    optimizer: Callable[[Schedule], Optimizer],
    normalization: Normalization,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = STEPS,
    batch_size: int = 64,
    seed: int = 0,
) -> Sweep:
    """Train a copy of the network for `steps` steps; the model itself does not move.

    A step whose loss or gradient is NaN or infinite ends the sweep; it is not kept.

    Equations
        rate(step)   = low * (high / low) ** ((step - 1) / (steps - 1))
        average      = 0.9 * average + 0.1 * loss
        smoothed     = average / (1 - 0.9 ** step)

    Example
        learning_rate_finder(model, train, loss=SoftmaxCrossEntropy(), optimizer=SGD,
                             normalization=unit(1))
    """
    check_positive("learning_rate_finder", "low", low)
    check_at_least("learning_rate_finder", "steps", steps, 10)
    check_at_least("learning_rate_finder", "batch size", batch_size, 1)
    if steps > MOST_STEPS:
        raise ConfigError(
            f"learning_rate_finder takes at most {MOST_STEPS:,} steps, got {steps:,}. "
            "A hundred are usually enough."
        )
    if not low < high < np.inf:
        raise ConfigError(
            f"learning_rate_finder sweeps from low up to high, got {low:g} to {high:g}."
            " Give a larger high."
        )
    rates = np.geomspace(low, high, steps)
    engine = PlainEngine(
        deepcopy(model),
        loss,
        optimizer(lambda step: float(rates[step - 1])),
        normalization,
        input_shape=train.image_shape,
        input_dtype=str(train.images.dtype),
        seed=seed,
    )
    losses, ended = _sweep(engine, train, steps, batch_size, Key(seed).child("order"))
    smoothed = smooth(losses)
    suggestion, reason = suggest(rates[: len(losses)], smoothed)
    return Sweep(rates[: len(losses)], losses, smoothed, suggestion, reason, ended)


def _sweep(
    engine: PlainEngine, train: Split, steps: int, batch_size: int, key: Key
) -> tuple[NumpyArray, str]:
    """The losses, and in words why there are no more."""
    losses: list[float] = []
    rows = _rows(len(train), steps * batch_size, key).reshape(steps, -1)
    for step, batch in enumerate(rows, 1):
        seen = Batch(train.images, train.targets, batch, batch)
        result = engine.train_step(seen, step)
        if not (result.is_finite and np.isfinite(result.loss)):
            return np.array(losses), f"step {step} gave NaN or infinity"
        losses.append(result.loss)
        smoothed = smooth(np.array(losses))
        if smoothed[-1] > BURST * smoothed.min():
            return np.array(losses), f"the loss rose to {BURST:g} times its lowest"
    return np.array(losses), "the whole range was swept"


def _rows(count: int, wanted: int, key: Key) -> NumpyArray:
    """Row numbers, epoch after epoch, until there are enough."""
    epochs = -(-wanted // count)
    orders = [permutation(key.at(epoch), count) for epoch in range(1, epochs + 1)]
    return np.concatenate(orders)[:wanted]


def smooth(losses: NumpyArray) -> NumpyArray:
    """A running mean that forgets, without the pull of its start towards 0."""
    average, smoothed = 0.0, []
    for step, loss in enumerate(losses, 1):
        average = SMOOTHING * average + (1 - SMOOTHING) * float(loss)
        smoothed.append(average / (1 - SMOOTHING**step))
    return np.array(smoothed)


def suggest(rates: NumpyArray, smoothed: NumpyArray) -> tuple[float | None, str]:
    """The rate of the steepest fall, well below the lowest smoothed loss, and why."""
    lowest = int(np.argmin(smoothed)) if len(smoothed) else 0
    far_enough = int(np.count_nonzero(rates <= rates[lowest] / MARGIN)) if lowest else 0
    slopes = np.zeros(0)
    if far_enough > 1:
        slopes = np.gradient(smoothed, np.log10(rates))[:far_enough]
    if not len(slopes) or slopes.min() >= 0:
        return None, (
            "the loss did not fall before it rose: every learning rate of the sweep "
            "is too large, or the network cannot learn these images; start lower"
        )
    steepest = int(np.argmin(slopes))
    return float(rates[steepest]), (
        f"the smoothed loss is lowest, {smoothed[lowest]:.3g}, at {rates[lowest]:.2g}; "
        f"of the rates up to a third of that, it falls fastest here, by "
        f"{-slopes[steepest]:.2g} for each tenfold of the rate"
    )
