"""Learning-rate schedules: functions from the step to the learning rate.

Steps are counted from 1. Each function here returns a schedule, a picklable function
from a step to a float. Its settings are checked when it is created (ConfigError for a
learning rate that is not a finite number from 0 up, a length that is not an integer, or
something else than a schedule), its learning rates by the optimizer at every step
(ConfigError unless finite and not negative). After its end a schedule keeps its last
value.
"""

from collections.abc import Callable
from functools import partial
from math import cos, pi
from typing import TypeAlias

from handgrad.calls import misfit
from handgrad.errors import ConfigError
from handgrad.ranges import (
    MOST,
    check_at_least,
    check_count,
    check_fraction,
    check_positive,
    shown,
)

__all__ = [
    "Schedule",
    "constant",
    "cosine",
    "one_cycle",
    "reschedule",
    "step_decay",
    "warm_up",
]

Schedule: TypeAlias = Callable[[int], float]
MOST_STEPS = MOST**2  # of the most epochs, with the most batches each


def constant(learning_rate: float) -> Schedule:
    """Constant learning rate; ConfigError unless it is finite and not negative.

    Equations
        rate(step) = learning_rate

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 8.3.1.
    """
    check_at_least("constant", "learning_rate", learning_rate, 0)
    return partial(_constant, learning_rate)


def step_decay(learning_rate: float, *, every: int, factor: float = 0.1) -> Schedule:
    """Step decay: multiply the learning rate by `factor` after every `every` steps.

    ConfigError for an `every` below 1 or a `factor` that is not positive.

    Equations
        rate(step) = learning_rate * factor ** floor((step - 1) / every)

    Example
        schedule = step_decay(0.1, every=100)
        schedule(100), schedule(101)  # 0.1, 0.01

    Source
        He, Zhang, Ren, Sun (2016), Deep residual learning for image recognition,
        section 4.2, with equal intervals.
    """
    check_at_least("step_decay", "learning_rate", learning_rate, 0)
    check_count("step_decay", "every", every, most=MOST_STEPS)
    check_positive("step_decay", "factor", factor)
    return partial(_step_decay, learning_rate, every, factor)


def cosine(learning_rate: float, *, steps: int, final: float = 0.0) -> Schedule:
    """Cosine decay from `learning_rate` to `final` over `steps` steps.

    `final` would be reached one step after the last, so that the last step still has an
    effect. ConfigError for `steps` below 1 or a negative `final`.

    Equations
        progress   = min((step - 1) / steps, 1)
        rate(step) = final + (learning_rate - final) * (1 + cos(pi * progress)) / 2

    Source
        Loshchilov, Hutter (2017), SGDR: stochastic gradient descent with warm
        restarts, equation 5.
    """
    check_at_least("cosine", "learning_rate", learning_rate, 0)
    check_count("cosine", "steps", steps, most=MOST_STEPS)
    check_at_least("cosine", "final", final, 0)
    return partial(_cosine, learning_rate, steps, final)


def one_cycle(
    learning_rate: float,
    *,
    steps: int,
    rise: float = 0.3,
    start_factor: float = 25.0,
    final_factor: float = 1e4,
) -> Schedule:
    """One-cycle schedule: increase to `learning_rate`, then decay far below the start.

    ConfigError for `steps` below 2, a `rise` outside [0, 1), or a factor that is not
    positive.

    Equations
        start    = learning_rate / start_factor
        final    = start / final_factor
        top      = max(rise * steps - 1, 0)     position of the peak, counted from 0
        glide(a, b, progress) = b + (a - b) * (1 + cos(pi * progress)) / 2
        rate(step) = glide(start, learning_rate, (step - 1) / top)   up to the peak
        rate(step) = glide(learning_rate, final, (step - 1 - top) / (steps - 1 - top))

    Units
        steps  length of the run, in steps
        rise   fraction of the steps up to the peak (warm-up)

    Source
        Smith, Topin (2019), Super-convergence: very fast training of neural networks
        using large learning rates, section 3; with cosine instead of linear annealing,
        as in PyTorch's OneCycleLR.
    """
    check_at_least("one_cycle", "learning_rate", learning_rate, 0)
    check_count("one_cycle", "steps", steps, least=2, most=MOST_STEPS)
    check_fraction("one_cycle", "rise", rise)
    check_positive("one_cycle", "start_factor", start_factor)
    check_positive("one_cycle", "final_factor", final_factor)
    start = learning_rate / start_factor
    top = max(rise * steps - 1, 0.0)
    return partial(_one_cycle, start, learning_rate, start / final_factor, steps, top)


def warm_up(schedule: Schedule, *, steps: int) -> Schedule:
    """Linear warm-up: multiply a schedule by a factor that increases to 1.

    `schedule` is the schedule to scale, `steps` the length of the warm-up; 0 means
    none. ConfigError for negative `steps`.

    Equations
        rate(step) = schedule(step) * min(step / steps, 1)

    Example
        schedule = warm_up(cosine(0.1, steps=1000), steps=100)

    Source
        Goyal et al. (2017), Accurate, large minibatch SGD, section 2.2.
    """
    check_schedule("warm_up", schedule)
    check_count("warm_up", "steps", steps, least=0, most=MOST_STEPS)
    return partial(_warm_up, schedule, steps)


def reschedule(schedule: Schedule, *, after: int, steps: int, end: int) -> Schedule:
    """Pass the rest of a schedule in fewer or more steps, so that a run ends in time.

    `schedule` was made for `steps` steps; what it gives after the step `after` is
    passed by the step `end`. ConfigError unless 0 <= after < end and after < steps.

    Equations
        place(step) = after + floor((step - after) * (steps - after) / (end - after))
        rate(step)  = schedule(step)           up to the step after
        rate(step)  = schedule(place(step))    from then on

    Example
        schedule = reschedule(cosine(0.1, steps=100), after=20, steps=100, end=60)

    Source
        Li, Yumer, Ramanan (2020), Budgeted training: rethinking deep neural network
        training under resource constraints, section 3: a schedule follows the budget.
    """
    check_schedule("reschedule", schedule)
    check_count("reschedule", "after", after, least=0, most=MOST_STEPS)
    check_count("reschedule", "end", end, least=after + 1, most=MOST_STEPS)
    check_count("reschedule", "steps", steps, least=after + 1, most=MOST_STEPS)
    return partial(_rescheduled, schedule, after, steps - after, end - after)


def check_schedule(owner: str, schedule: Schedule) -> None:
    """ConfigError unless this is a function that takes the step alone."""
    if not callable(schedule):
        raise ConfigError(
            f"{owner} takes a schedule, a function from the step to the learning rate, "
            f"got {shown(schedule)}. Give one, such as constant(0.1)."
        )
    if problem := misfit(schedule, 1):
        name = getattr(schedule, "__name__", shown(schedule))
        raise ConfigError(
            f"{owner} takes a schedule, a function of the step alone, but {name} takes "
            f"other arguments ({problem}). Call a function that makes one first: "
            "cosine(0.1, steps=1000)."
        )


# A schedule is a partial of one of these functions, so that it can be pickled.
def _constant(learning_rate: float, step: int) -> float:
    return learning_rate


def _step_decay(learning_rate: float, every: int, factor: float, step: int) -> float:
    rate: float = learning_rate * factor ** ((step - 1) // every)
    return rate


def _cosine(learning_rate: float, steps: int, final: float, step: int) -> float:
    return _glide(learning_rate, final, (step - 1) / steps)


def _one_cycle(
    start: float, peak: float, final: float, steps: int, top: float, step: int
) -> float:
    place = step - 1
    if place < top:
        return _glide(start, peak, place / top)
    return _glide(peak, final, (place - top) / (steps - 1 - top))


def _warm_up(schedule: Schedule, steps: int, step: int) -> float:
    return schedule(step) * min(step / steps, 1.0) if steps else schedule(step)


def _rescheduled(
    schedule: Schedule, after: int, planned: int, left: int, step: int
) -> float:
    done = max(step - after, 0)
    return schedule(step if not done else after + done * planned // left)


def _glide(start: float, end: float, progress: float) -> float:
    """Cosine annealing from start to end as progress goes from 0 to 1."""
    return end + (start - end) * (1 + cos(pi * min(progress, 1.0))) / 2
