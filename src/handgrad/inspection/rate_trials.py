"""Short trainings at one learning rate each, and the choice of the best rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from handgrad.errors import ConfigError
from handgrad.inspection.short_training import ShortTraining
from handgrad.ranges import check_count, check_positive

MOST_TRIALS = 12
MOST_STEPS = 10_000
STEPS = 400
WORSE = 2  # successive trials worse than the best that end the search
NEARLY = 0.98  # fraction of the best decrease in loss that counts as nearly as good
LONGER = 4  # times as many steps if no trial learned: it may leave a plateau late
LAST = 5  # evaluations whose mean is the loss of a trial


@dataclass(frozen=True)
class Trial:
    """A short training at one learning rate, from the same initial network.

    Units
        rate   learning rate of all steps
        loss   mean of the last evaluations; infinite if the training diverged
        right  accuracy on the evaluation images at the end, a fraction
    """

    rate: float
    loss: float
    right: float


def check_range(low: float, high: float, steps: int, batch_size: int) -> None:
    """ConfigError for an invalid range of rates, number of steps or batch size."""
    check_positive("learning_rate_finder", "low", low)
    check_positive("learning_rate_finder", "high", high)
    check_count("learning_rate_finder", "steps", steps, least=10)
    check_count("learning_rate_finder", "batch size", batch_size)
    if steps > MOST_STEPS:
        raise ConfigError(
            f"learning_rate_finder takes at most {MOST_STEPS:,} steps, got {steps:,}. "
            f"{STEPS} are usually enough."
        )
    if not low < high:
        raise ConfigError(
            f"learning_rate_finder takes a low below high, got {low:g} and {high:g}. "
            "Give a larger high."
        )


def try_rates(training: ShortTraining, last: float, low: float) -> tuple[Trial, ...]:
    """Short trainings below `last`, each at half the previous rate.

    The search ends at `low`, or after two trials in a row worse than the best, provided
    that the best has learned: if all rates are too large, one is best by chance.
    """
    trials: list[Trial] = []
    while (rate := last / 2 ** (len(trials) + 1)) > low and len(trials) < MOST_TRIALS:
        course = training.run(np.full(len(training.rows), rate))
        evaluations = course.seen[-LAST:]
        loss = (
            float(np.mean([one for one, _ in evaluations])) if course.is_whole else inf
        )
        trials.append(Trial(rate, loss, evaluations[-1][1]))
        best = min(trials, key=lambda one: one.loss)
        if best.right >= training.chance and best not in trials[-WORSE:]:
            break
    return tuple(trials)


def try_longer(
    training: ShortTraining, last: float, low: float
) -> tuple[tuple[Trial, ...], int]:
    """The trials and their steps; repeated with four times the steps if none learned.

    They are not repeated if every trial diverged.
    """
    trials = try_rates(training, last, low)
    whole = [one for one in trials if isfinite(one.loss)]
    if whole and all(one.right < training.chance for one in whole):
        training = training.longer(LONGER)
        trials = try_rates(training, last, low)
    return trials, len(training.rows)


def suggest(
    trials: Sequence[Trial],
    chance: float,
    first: float,
    *,
    has_diverged: bool,
    steps: int = STEPS,
) -> tuple[float | None, str]:
    """The rate of the trial with the lowest loss, or None, and the reason.

    Half that rate is suggested if its loss fell nearly as much: longer training favours
    smaller steps.

    Units
        first         loss of the network before any training
        chance        accuracy that a network may reach without learning
        has_diverged  whether the sweep ended before the end of the range
        steps         steps per trial
    """
    best = min(trials, key=lambda one: one.loss, default=None)
    if best is None or not isfinite(best.loss):
        return None, "every learning rate in the range is too large; give a smaller low"
    if best.right < chance:
        return None, (
            f"no trial of {steps:,} steps was significantly more accurate than the "
            "most frequent class; try more steps, or another network or optimizer"
        )
    if best is trials[0] and not has_diverged:
        return None, "the largest rates in the range trained best; give a larger high"
    if best is trials[-1]:
        return None, "the smallest rates in the range trained best; give a smaller low"
    among = (
        f"of {len(trials)} short trainings of {steps:,} steps, each at half the "
        "previous rate"
    )
    half = trials[trials.index(best) + 1]
    if first - half.loss >= NEARLY * (first - best.loss):
        return half.rate, (
            f"{among}, twice this rate reached the lowest loss, {best.loss:.3g}, and "
            f"this one {half.loss:.3g}; longer training favours the smaller rate"
        )
    return best.rate, f"{among}, this one reached the lowest loss, {best.loss:.3g}"
