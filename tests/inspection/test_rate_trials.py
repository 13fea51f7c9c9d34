from math import inf

import numpy as np
import pytest
from tests.inspection.test_short_training import training

from handgrad.inspection.rate_trials import (
    LAST,
    MOST_TRIALS,
    Trial,
    suggest,
    try_longer,
    try_rates,
)
from handgrad.inspection.short_training import Course


def trials(*losses, right=0.9):
    return [Trial(1 / 2**k, loss, right) for k, loss in enumerate(losses, 1)]


def test_the_lowest_loss_is_suggested():
    rate, reason = suggest(trials(inf, 0.5, 0.3, 0.4), 0.6, 2.3, has_diverged=True)
    assert rate == 1 / 8
    assert "of 4 short trainings" in reason
    assert "0.3" in reason


def test_half_the_rate_is_suggested_if_it_learned_nearly_as_much():
    rate, reason = suggest(trials(inf, 0.50, 0.53, 0.9), 0.6, 2.3, has_diverged=True)
    assert rate == 1 / 8
    assert "twice this rate reached the lowest loss, 0.5, and this one 0.53" in reason
    rate, _ = suggest(trials(inf, 0.50, 0.54, 0.51), 0.6, 2.3, has_diverged=True)
    assert rate == 1 / 4


@pytest.mark.parametrize(
    ("given", "has_diverged", "said"),
    [
        ([], True, "smaller low"),
        (trials(inf, inf), True, "smaller low"),
        (trials(0.5, 0.3, 0.4, right=0.55), True, "most frequent class"),
        (trials(0.2, 0.3, 0.4), False, "larger high"),
        (trials(0.4, 0.3, 0.2), True, "smaller low"),
    ],
)
def test_no_suggestion_without_evidence(given, has_diverged, said):
    rate, reason = suggest(given, 0.6, 2.3, has_diverged=has_diverged)
    assert rate is None
    assert said in reason


def test_divergence_above_the_first_trial_is_sufficient():
    assert suggest(trials(0.2, 0.3, 0.4), 0.6, 2.3, has_diverged=True)[0] == 1 / 2


def test_rates_are_halved_until_two_are_worse():
    found = try_rates(training(), 8.0, 1e-6)
    rates = [trial.rate for trial in found]
    assert rates == [8.0 / 2 ** (k + 1) for k in range(len(rates))]
    best = min(found, key=lambda one: one.loss)
    assert found.index(best) == len(found) - 3
    assert try_rates(training(), 8.0, 5.0) == ()


class Planned:
    """A training with a planned result for each rate: (loss, accuracy)."""

    chance, rows = 0.5, np.zeros((10, 1), int)

    def __init__(self, ends):
        self.ends = iter(ends)

    def longer(self, times):
        self.rows = np.tile(self.rows, (times, 1))
        return self

    def run(self, rates):
        return Course(losses=[0.0] * len(rates), seen=[next(self.ends)] * LAST)


def test_the_search_continues_until_a_trial_learns():
    ends = [(1.10, 0.3), (1.11, 0.3), (1.12, 0.3), (1.1, 0.3), (0.2, 1), (0.3, 1)]
    found = try_rates(Planned([*ends, (0.4, 1), (0.1, 1)]), 8.0, 1e-6)
    assert [one.loss for one in found][-3:] == pytest.approx([0.2, 0.3, 0.4])


def test_trials_are_repeated_longer_if_none_learned():
    short = [(2.30, 0.1)] * MOST_TRIALS
    trials, steps = try_longer(Planned([*short, (0.5, 1), (0.6, 1), (0.7, 1)]), 8, 1e-6)
    assert steps == 40
    assert [one.loss for one in trials] == pytest.approx([0.5, 0.6, 0.7])
    trials, steps = try_longer(Planned([(0.5, 1), (0.6, 1), (0.7, 1)]), 8, 1e-6)
    assert (len(trials), steps) == (3, 10)
