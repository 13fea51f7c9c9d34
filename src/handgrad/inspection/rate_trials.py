"""Short trainings at one learning rate each, and the choice among them."""

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
WORSE = 2  # trials in a row that are worse than the best end the search
NEARLY = 0.98  # of the fall of the loss that the best trial reached
LONGER = 4  # times as many steps, where no trial learned: it may leave a plateau late
LAST = 5  # looks whose mean is the loss of a trial


@dataclass(frozen=True)
class Trial:
    """A short training at one learning rate, from the network that was swept.

    Units
        rate   the learning rate of all its steps
        loss   mean of its last looks, infinite if the training did not last
        right fraction of the images it looked at that were right in the end
    """

    rate: float
    loss: float
    right: float


def check_range(low: float, high: float, steps: int, batch_size: int) -> None:
    """ConfigError for a range, or steps, that tell nothing."""
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
            f"learning_rate_finder sweeps from low up to high, got {low:g} to {high:g}."
            " Give a larger high."
        )


def try_rates(training: ShortTraining, last: float, low: float) -> tuple[Trial, ...]:
    """Short trainings, each at half the rate of the one before, below `last`.

    They go on to `low`, or until two in a row are worse than the best, which has
    learned: among rates that are all too large, one is the best by chance.
    """
    trials: list[Trial] = []
    while (rate := last / 2 ** (len(trials) + 1)) > low and len(trials) < MOST_TRIALS:
        course = training.run(np.full(len(training.rows), rate))
        looks = course.seen[-LAST:]
        loss = float(np.mean([one for one, _ in looks])) if course.is_whole else inf
        trials.append(Trial(rate, loss, looks[-1][1]))
        best = min(trials, key=lambda one: one.loss)
        if best.right >= training.chance and best not in trials[-WORSE:]:
            break
    return tuple(trials)


def try_longer(
    training: ShortTraining, last: float, low: float
) -> tuple[tuple[Trial, ...], int]:
    """The same, and again with four times the steps if none learned; and their steps.

    Trials of which every one has burst are not repeated.
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
    has_burst: bool,
    steps: int = STEPS,
) -> tuple[float | None, str]:
    """The rate of the trial with the lowest loss, or None, and why.

    Half that rate is suggested where it learned nearly as much: longer trainings want
    smaller steps.

    Units
        first      loss of the network before any training
        chance     fraction right that a network may reach without learning
        has_burst  whether the sweep ended before the whole range was swept
        steps      of each trial
    """
    best = min(trials, key=lambda one: one.loss, default=None)
    if best is None or not isfinite(best.loss):
        return None, "every learning rate of the range is too large; start lower"
    if best.right < chance:
        return None, (
            f"no trial of {steps:,} steps did better than the most frequent class does "
            "by chance; take more steps, or another network or optimizer"
        )
    if best is trials[0] and not has_burst:
        return None, "the largest rates of the range trained best; give a larger high"
    if best is trials[-1]:
        return None, "the smallest rates of the range trained best; give a smaller low"
    among = (
        f"of {len(trials)} short trainings of {steps:,} steps, each at half the rate "
        "of the one before"
    )
    half = trials[trials.index(best) + 1]
    if first - half.loss >= NEARLY * (first - best.loss):
        return half.rate, (
            f"{among}, twice this rate reached the lowest loss, {best.loss:.3g}, and "
            f"this one {half.loss:.3g}; longer trainings want the smaller steps"
        )
    return best.rate, f"{among}, this one reached the lowest loss, {best.loss:.3g}"
