from math import cos, pi

import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.schedules import (
    constant,
    cosine,
    one_cycle,
    reschedule,
    step_decay,
    warm_up,
)


def rates(schedule, steps):
    return [schedule(step) for step in range(1, steps + 1)]


def torch_rates(steps, scheduler):
    """What a scheduler of torch gives for steps 1, 2, ..."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
    schedule = scheduler(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def test_constant():
    assert rates(constant(0.5), 3) == [0.5, 0.5, 0.5]


def test_step_decay_falls_after_every_so_many_steps():
    assert rates(step_decay(0.5, every=2, factor=0.5), 5) == [
        0.5,
        0.5,
        0.25,
        0.25,
        0.125,
    ]


def test_step_decay_equals_torch():
    theirs = torch_rates(20, lambda o: torch.optim.lr_scheduler.StepLR(o, 6, 0.3))
    assert rates(step_decay(0.5, every=6, factor=0.3), 20) == pytest.approx(
        theirs, rel=1e-12
    )


def test_cosine_equals_torch():
    theirs = torch_rates(
        30,
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 30, eta_min=0.01),
    )
    ours = rates(cosine(0.5, steps=30, final=0.01), 30)
    assert ours == pytest.approx(theirs, rel=1e-11)


def test_cosine_begins_at_the_top_still_moves_at_the_end_and_stays_down():
    schedule = cosine(0.5, steps=10)
    assert schedule(1) == 0.5
    assert schedule(10) == pytest.approx(0.25 * (1 + cos(0.9 * pi)))
    assert schedule(10) > 0
    assert schedule(11) == schedule(1000) == 0


@pytest.mark.parametrize("steps", [7, 100])
@pytest.mark.parametrize("rise", [0.3, 0.45])
def test_one_cycle_equals_torch(steps, rise):
    theirs = torch_rates(
        steps - 1,  # torch's scheduler refuses to step past its end
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, max_lr=0.5, total_steps=steps, pct_start=rise, cycle_momentum=False
        ),
    )
    ours = rates(one_cycle(0.5, steps=steps, rise=rise), steps - 1)
    assert ours == pytest.approx(theirs, rel=1e-11)


def test_one_cycle_ends_far_below_its_start_and_stays_there():
    schedule = one_cycle(0.5, steps=10)
    assert schedule(1) == pytest.approx(0.5 / 25)
    assert schedule(10) == pytest.approx(0.5 / 25 / 1e4)
    assert schedule(99) == schedule(10)


def test_one_cycle_without_a_rise_begins_at_the_peak():
    assert one_cycle(0.5, steps=10, rise=0.0)(1) == 0.5


def test_warm_up_rises_in_a_line_and_then_leaves_the_schedule_alone():
    schedule = warm_up(step_decay(0.5, every=6, factor=0.5), steps=4)
    assert rates(schedule, 7) == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.25]


def test_reschedule_passes_the_rest_in_fewer_steps():
    places = rates(reschedule(lambda step: step, after=2, steps=9, end=5), 7)
    assert places == [1, 2, 4, 6, 9, 11, 13]
    same = reschedule(lambda step: step, after=0, steps=4, end=4)
    assert rates(same, 4) == [1, 2, 3, 4]


def test_reschedule_passes_the_rest_in_more_steps():
    places = rates(reschedule(lambda step: step, after=2, steps=4, end=8), 8)
    assert places == [1, 2, 2, 2, 3, 3, 3, 4]


def test_warm_up_over_no_steps_is_the_schedule():
    assert rates(warm_up(constant(0.5), steps=0), 2) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: step_decay(0.1, every=0), "step_decay takes every as an integer of"),
        (lambda: step_decay(0.1, every=1, factor=0.0), "factor above 0"),
        (lambda: cosine(0.1, steps=0), "cosine takes steps as an integer of at least"),
        (lambda: cosine(0.1, steps=1, final=-1.0), "final of at least 0"),
        (lambda: one_cycle(0.1, steps=1), "steps as an integer of at least 2"),
        (lambda: one_cycle(0.1, steps=9, rise=1.0), "rise from 0"),
        (lambda: one_cycle(0.1, steps=9, start_factor=0.0), "start_factor above 0"),
        (lambda: one_cycle(0.1, steps=9, final_factor=0.0), "final_factor above 0"),
        (lambda: warm_up(constant(0.1), steps=-1), "warm_up takes steps"),
        (lambda: reschedule(int, after=-1, steps=9, end=3), "after as an integer of"),
        (
            lambda: reschedule(int, after=3, steps=9, end=3),
            "end as an integer of at least 4",
        ),
        (
            lambda: reschedule(int, after=3, steps=3, end=6),
            "steps as an integer of at least 4",
        ),
    ],
)
def test_refuses_settings_that_cannot_be(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


MAKERS = {
    "constant": constant,
    "step_decay": lambda rate, every=3: step_decay(rate, every=every),
    "cosine": lambda rate, steps=3: cosine(rate, steps=steps),
    "one_cycle": lambda rate, steps=3: one_cycle(rate, steps=steps),
}


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "0.1", None, True])
@pytest.mark.parametrize("maker", MAKERS)
def test_a_learning_rate_is_checked_when_a_schedule_is_made(maker, bad):
    with pytest.raises(ConfigError, match=f"{maker} takes learning_rate of at least 0"):
        MAKERS[maker](bad)


@pytest.mark.parametrize(
    "make",
    [
        *(lambda length, m=m: MAKERS[m](0.1, length) for m in list(MAKERS)[1:]),
        lambda length: warm_up(constant(0.1), steps=length),
        lambda length: reschedule(constant(0.1), after=length, steps=99, end=99),
        lambda length: reschedule(constant(0.1), after=1, steps=length, end=99),
        lambda length: reschedule(constant(0.1), after=1, steps=99, end=length),
    ],
)
@pytest.mark.parametrize("bad", [10.5, 10.0, "10", True, float("nan")])
def test_a_length_is_a_number_of_steps(make, bad):
    with pytest.raises(ConfigError, match="as an integer of at least"):
        make(bad)


def test_a_length_may_exceed_32_bits():
    assert cosine(0.1, steps=2**40)(1) == 0.1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0.1, r"got 0\.1\. Give one"),
        ("cosine", "got 'cosine'"),
        (cosine, r"cosine takes other arguments \(missing .*'steps'\)"),
        (lambda: 0.1, "too many positional arguments"),
    ],
)
def test_what_is_no_schedule_is_refused(given, said):
    for make in (
        lambda: warm_up(given, steps=10),
        lambda: reschedule(given, after=1, steps=3, end=2),
    ):
        with pytest.raises(ConfigError, match=f"takes a schedule, .*{said}"):
            make()
