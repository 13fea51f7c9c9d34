"""The learning rate range test: a short run in which the rate grows at every step.

Source
    Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.datasets import Normalization, Split, normalization
from handgrad.datasets.normalization import unit
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError
from handgrad.inspection.data_sample import data_sample
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Sample, Where, sample_of
from handgrad.inspection.subject import Subject, subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.untrained import check_no_options, is_catalogue_name, untrained
from handgrad.layers import Sequential
from handgrad.losses import Loss
from handgrad.optimizers import Optimizer
from handgrad.randomness import Key, permutation
from handgrad.ranges import check_count, check_positive
from handgrad.schedules import Schedule
from handgrad.starting_points import optimizer_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 100
MOST_STEPS = 10_000
SMOOTHING = 0.9  # weight of the past in the smoothed loss
MARGIN = 3.0  # how far below the rate of the lowest loss a suggestion stays
BURST = 4.0  # a smoothed loss this many times the lowest ends the sweep


@dataclass(frozen=True, repr=False, eq=False)
class Sweep(Result):
    """The losses at each learning rate, up to the step that ended the sweep.

    `ended` says why it ended, `reason` how the suggestion was chosen, `what` on which
    images.

    Shapes
        rates, losses, smoothed  (steps taken,), all finite

    Units
        suggestion  a learning rate; None if the loss never fell
        steps       that the sweep was to take
    """

    rates: NumpyArray
    losses: NumpyArray
    smoothed: NumpyArray
    suggestion: float | None
    reason: str
    ended: str
    steps: int
    what: str = "the given images"

    def table(self) -> Table:
        """How far the sweep went, and the suggestion with its reason."""
        rate = self.suggestion
        best = (
            "No suggestion" if rate is None else f"Suggested learning rate: {rate:.2g}"
        )
        taken = f"{len(self.rates)} of {self.steps} steps on {self.what}; {self.ended}."
        return Table(below=(taken, f"{best}: {self.reason}."))

    def figure(self) -> "Figure":
        """Each loss, the smoothed loss and the suggestion."""
        from handgrad.inspection.figures import learning_rate_finder as drawing

        return drawing.learning_rate_finder(self)

    def as_dict(self) -> dict[str, Any]:
        """The suggestion with its reason, and the losses at each rate."""
        return {
            "suggestion": self.suggestion,
            "reason": self.reason,
            "ended": self.ended,
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "smoothed": self.smoothed.tolist(),
        }


@takes_kinds
def learning_rate_finder(  # noqa: PLR0913  a run in one call
    model: Any,
    images: Any = None,
    labels: Any = None,
    *,
    options: Mapping[str, Any] | None = None,
    optimizer: str = "sgd",
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = STEPS,
    batch_size: int = 64,
    seed: int = 0,
    **where: Unpack[Where],
) -> Sweep:
    """Learning-rate range test: a short run with a growing rate, and a suggestion.

    `model` is the name of a network with its `options`, which is trained on the images,
    or on those of a data set (the digits); or a fitted classifier, the path of a run,
    or a `Sequential`, of which a copy is trained further. Without `images` those are
    the training images of the run; `split` ("test", "validation" or "train") or
    `dataset` (a name or path, searched in `data_dir` first) chooses them. `optimizer`
    is a name. The loss is that of the classifier, or softmax cross-entropy.

    ConfigError for an unknown network, optimizer or option, or for a range without 10
    steps upwards; ShapeError for images of another shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), names or numbers of their classes

    Units
        low, high   the first and the last learning rate
        steps       from 10 to 10,000
        batch_size  images of a step
        seed        of initial weights and order

    Example
        learning_rate_finder("mlp", optimizer="adam").suggestion

    Source
        Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
    """
    check_count("learning_rate_finder", "steps", steps)
    count = max(steps * batch_size, 1)
    if is_catalogue_name(model):
        sample = data_sample(images, labels, count, **where)
        subject, sample = _untrained(model, options, sample, seed)
    else:
        check_no_options(options)
        subject = subject_of(model)
        if images is None:
            where = {"split": "train", **where}
        sample = sample_of(subject, images, labels, count=count, **where)
    images, scaling = sample.images, sample.normalization
    if scaling is None:
        images, scaling = as_given(images)
    sweep = sweep_rates(
        subject.network,
        Split(images, sample.targets),
        loss=subject.loss,
        optimizer=lambda rate: optimizer_named(optimizer, rate),
        normalization=scaling,
        low=low,
        high=high,
        steps=steps,
        batch_size=batch_size,
        seed=seed,
    )
    return replace(sweep, what=sample.what)


def _untrained(
    name: str, options: Mapping[str, Any] | None, sample: Sample, seed: int
) -> tuple[Subject, Sample]:
    """A network of the catalogue for these images, which are normalised by them."""
    subject = untrained(
        name,
        options,
        input_shape=sample.image_shape,
        classes=len(sample.class_names),
        seed=seed,
    )
    standard = normalization("standard", sample.images)
    return subject, replace(sample, normalization=standard)


def as_given(images: NumpyArray) -> tuple[NumpyArray, Normalization]:
    """Inputs of a bare network as float32, and the normalization that keeps them."""
    channels = images.shape[1] if images.ndim == 4 else 1
    return images.astype(np.float32), unit(channels)


def sweep_rates(  # noqa: PLR0913  a run in one call
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
        sweep_rates(model, train, loss=SoftmaxCrossEntropy(), optimizer=SGD,
                    normalization=unit(1))
    """
    check_positive("learning_rate_finder", "low", low)
    check_count("learning_rate_finder", "steps", steps, least=10)
    check_count("learning_rate_finder", "batch size", batch_size)
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
    return Sweep(
        rates[: len(losses)], losses, smoothed, suggestion, reason, ended, steps
    )


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
    """An exponential moving average with bias correction."""
    average, smoothed = 0.0, []
    for step, loss in enumerate(losses, 1):
        average = SMOOTHING * average + (1 - SMOOTHING) * float(loss)
        smoothed.append(average / (1 - SMOOTHING**step))
    return np.array(smoothed)


def suggest(rates: NumpyArray, smoothed: NumpyArray) -> tuple[float | None, str]:
    """The rate of the steepest descent below the rate of the lowest loss, and why."""
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
