"""The learning rate range test: a short run with an increasing learning rate."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad import datasets
from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Pair
from handgrad.datasets import Normalization, Split
from handgrad.datasets.image_fit import Fit
from handgrad.datasets.normalization import unit
from handgrad.errors import ConfigError
from handgrad.inspection.data_sample import Resizing, data_sample
from handgrad.inspection.rate_trials import (
    STEPS,
    Trial,
    check_range,
    suggest,
    try_longer,
)
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Sample, Where, sample_of
from handgrad.inspection.short_training import ShortTraining
from handgrad.inspection.subject import Subject, subject_of
from handgrad.inspection.table import Table
from handgrad.inspection.untrained import (
    MakeOptimizer,
    check_alone,
    check_no_options,
    is_catalogue_name,
    is_settings_file,
    of_settings,
    untrained,
)
from handgrad.randomness import Key, permutation
from handgrad.starting_points import optimizer_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVALUATIONS = 100  # evaluations during a sweep
EVALUATED = 512  # images per evaluation


@dataclass(frozen=True, repr=False, eq=False)
class Sweep(Result):
    """The loss at each learning rate, up to the step at which the sweep ended.

    `ended` says why it ended, `reason` how the suggestion was chosen, and `what`
    describes the images. `trials` are the short trainings that were compared.

    Shapes
        rates, losses            (steps taken,): learning rate and batch loss per step
        seen_rates, seen_losses  (evaluations,): the loss on a fixed sample of images,
                                 after every hundredth of the steps

    Units
        suggestion  a learning rate; None if no rate trained the network
        steps       planned steps of the sweep and of each trial; trials take four
                    times as many if none learned at first
    """

    rates: NumpyArray
    losses: NumpyArray
    seen_rates: NumpyArray
    seen_losses: NumpyArray
    trials: tuple[Trial, ...]
    suggestion: float | None
    reason: str
    ended: str
    steps: int
    what: str = "the given images"

    def table(self) -> Table:
        """Steps taken, the trials, and the suggestion with its reason."""
        rate = self.suggestion
        best = (
            "No suggestion" if rate is None else f"Suggested learning rate: {rate:.2g}"
        )
        rows = tuple(
            (f"{one.rate:.2g}", *_numbers(one), "suggested" * (one.rate == rate))
            for one in self.trials
        )
        taken = f"{len(self.rates)} of {self.steps} steps on {self.what}; {self.ended}."
        heads = ("learning rate", "loss", "accuracy", "")
        return Table(
            heads if rows else (),
            rows,
            heads[:3],
            (taken,),
            (f"{best}: {self.reason}.",),
        )

    def figure(self) -> "Figure":
        """Batch losses, the losses on a fixed sample, and the suggestion."""
        from handgrad.inspection.figures import learning_rate_finder as drawing

        return drawing.learning_rate_finder(self)

    def as_dict(self) -> dict[str, Any]:
        """The suggestion with its reason, the trials, and the losses at each rate."""
        return {
            "suggestion": self.suggestion,
            "reason": self.reason,
            "ended": self.ended,
            "trials": [
                {**asdict(one), "loss": one.loss if isfinite(one.loss) else None}
                for one in self.trials
            ],
            "rates": self.rates.tolist(),
            "losses": self.losses.tolist(),
            "seen_rates": self.seen_rates.tolist(),
            "seen_losses": self.seen_losses.tolist(),
        }


def _numbers(trial: Trial) -> tuple[str, str]:
    if not isfinite(trial.loss):
        return "diverged", "-"
    return f"{trial.loss:.3g}", f"{trial.right:.1%}"


@takes_kinds
def learning_rate_finder(  # noqa: PLR0913  a run in one call
    model: Any,
    images: Any = None,
    labels: Any = None,
    *,
    options: Mapping[str, Any] | None = None,
    optimizer: str | None = None,
    low: float = 1e-5,
    high: float = 10.0,
    steps: int = STEPS,
    batch_size: int = 64,
    normalization: str | None = None,
    seed: int = 0,
    image_size: Pair | None = None,
    fit: Fit | None = None,
    **where: Unpack[Where],
) -> Sweep:
    """Learning-rate range test: a short run with an increasing rate, and a suggestion.

    `model` is the name of a network with its `options`, trained on the images or on
    those of a data set (default: digits); or a TOML file of settings, such as a run's
    config.toml, which also gives the data and the optimizer; or a fitted classifier,
    the path of a run, or a `Sequential`, a copy of which is trained further. Without
    `images`, the training images of the run are used, unless `split` ("test",
    "validation" or "train") or `dataset` (a name or path, searched for in `data_dir`
    first) selects others. `optimizer` is a name, by default "sgd". The loss is that of
    the settings or the classifier, else softmax cross-entropy. For a network given by
    name, `normalization` is a name of `datasets.normalization`; use that of the
    training, "standard" (the default) for `Classifier`. Images of its data set are
    resized to `image_size`, by their `fit`: "crop" (the default), "pad" or "stretch".

    The rate at which the sweep ended is halved repeatedly, and the network trained at
    each of these rates for as many steps, until the loss gets worse. The rate with the
    lowest final loss is suggested, or half of it if the loss fell nearly as much; never
    a rate at an edge of the range. If no trial learned, the trials are repeated with
    four times the steps; nothing is suggested if they fail as well.

    ConfigError for an unknown network, optimizer or option, an empty range or a number
    of steps out of range; ShapeError for images of the wrong shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), class names or class numbers

    Units
        low, high   the first and the last learning rate
        steps       from 10 to 10,000
        batch_size  images per step
        image_size  (height, width) in pixels
        seed        seed of the initial weights and the order of images

    Example
        learning_rate_finder("mlp", optimizer="adam").suggestion

    Source
        Smith (2017), Cyclical learning rates for training neural networks, section 3.3.
    """
    check_range(low, high, steps, batch_size)
    count = max(steps * batch_size, EVALUATED)
    made_by: MakeOptimizer = partial(optimizer_named, optimizer or "sgd")
    if is_settings_file(model):
        check_alone(images=images is not None, options=options, optimizer=optimizer)
        check_alone(normalization=normalization, image_size=image_size, fit=fit)
        check_alone(**where)
        subject, sample, made_by = of_settings(Path(model), count)
    elif is_catalogue_name(model):
        resizing: Resizing = {"image_size": image_size, "fit": fit}
        sample = data_sample(images, labels, count, shuffled=True, **where, **resizing)
        scaled = normalization or "standard"
        subject, sample = _untrained(model, options, sample, scaled, seed)
    else:
        check_no_options(options)
        _check_named_only(normalization=normalization, image_size=image_size, fit=fit)
        subject = subject_of(model)
        if images is None:
            where = {"split": "train", **where}
        sample = sample_of(subject, images, labels, count=count, shuffled=True, **where)
    images, scaling = sample.images, sample.normalization
    if scaling is None:
        images, scaling = as_given(images)
    order = permutation(Key(seed).child("look"), len(images))
    training = ShortTraining(
        subject.network,
        Split(images, sample.targets),
        subject.loss,
        made_by,
        scaling,
        rows=_rows(len(images), steps, batch_size, Key(seed).child("order")),
        evaluated=np.sort(order[:EVALUATED]),
        every=max(1, steps // EVALUATIONS),
        seed=seed,
    )
    return replace(sweep_rates(training, low, high), what=sample.what)


def _check_named_only(**others: Any) -> None:
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ConfigError(
            "normalization, image_size and fit apply to a network given by name; a "
            f"trained one has its own. Omit {' and '.join(given)}."
        )


def _untrained(
    name: str,
    options: Mapping[str, Any] | None,
    sample: Sample,
    scaling: str,
    seed: int,
) -> tuple[Subject, Sample]:
    """A network of the catalogue for these images, normalized by their statistics."""
    subject = untrained(
        name,
        options,
        input_shape=sample.image_shape,
        classes=len(sample.class_names),
        seed=seed,
    )
    made = datasets.normalization(scaling, sample.images)
    return subject, replace(sample, normalization=made)


def as_given(images: NumpyArray) -> tuple[NumpyArray, Normalization]:
    """Inputs of a `Sequential` as float32, and the identity normalization."""
    channels = images.shape[1] if images.ndim == 4 else 1
    return images.astype(np.float32), unit(channels)


def _rows(count: int, steps: int, batch_size: int, key: Key) -> NumpyArray:
    """Row numbers for each step, (steps, batch_size), epoch by epoch."""
    wanted = steps * batch_size
    epochs = range(1, -(-wanted // count) + 1)
    orders = [permutation(key.at(epoch), count) for epoch in epochs]
    return np.concatenate(orders)[:wanted].reshape(steps, batch_size)


def sweep_rates(training: ShortTraining, low: float, high: float) -> Sweep:
    """Train with a rate increasing from `low` to `high`, then compare trials.

    The model itself is not modified. A step whose loss or gradient is NaN or infinite
    ends the sweep and is not recorded.

    Equations
        rate(step) = low * (high / low) ** ((step - 1) / (steps - 1))
    """
    steps = len(training.rows)
    rates = np.geomspace(low, high, steps)
    course = training.run(rates)
    seen = course.seen_losses
    taken = training.every * np.arange(1, len(seen))
    last = float(rates[len(course.losses) - 1]) if course.losses else low
    trials, long = try_longer(training, last, low)
    has_diverged, first = not course.is_whole, float(seen[0])
    suggestion, reason = suggest(
        trials, training.chance, first, has_diverged=has_diverged, steps=long
    )
    return Sweep(
        rates[: len(course.losses)],
        np.array(course.losses),
        rates[taken - 1],
        seen[1:],
        trials,
        suggestion,
        reason,
        course.ended,
        steps,
    )
