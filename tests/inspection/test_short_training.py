import numpy as np
import pytest

from handgrad.datasets import Split
from handgrad.datasets.normalization import unit
from handgrad.inspection.short_training import ShortTraining
from handgrad.layers import Linear, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD
from handgrad.randomness import Key, normal

INPUTS = normal(Key(1), (40, 3)).astype(np.float32)
TARGETS = (INPUTS[:, 0] > 0).astype(np.int64)


def training(**changes):
    settings = {
        "rows": np.tile(np.arange(40), (6, 1)),
        "evaluated": np.arange(40),
        "every": 2,
        "seed": 0,
    }
    return ShortTraining(
        Sequential([Linear(3, 2, key=Key(3))]),
        Split(INPUTS, TARGETS),
        SoftmaxCrossEntropy(),
        SGD,
        unit(1),
        **{**settings, **changes},
    )


def test_evaluations_use_the_same_images():
    course = training().run(np.full(6, 0.5))
    assert course.is_whole
    assert len(course.losses) == 6
    assert len(course.seen) == 4
    # with the whole set as the batch, a step's loss is that of the evaluation before
    np.testing.assert_allclose(course.seen_losses[:3], course.losses[::2], rtol=1e-6)
    assert course.seen[-1][1] > course.seen[0][1]


def test_each_training_starts_afresh_and_is_reproducible():
    one = training()
    first, second = one.run(np.full(6, 0.5)), one.run(np.full(6, 0.5))
    assert first == second
    assert one.run(np.full(6, 0.1)).seen[0] == first.seen[0]


@pytest.mark.parametrize(
    ("rate", "said"), [(1e6, "exceeded"), (1e38, "not finite|exceeded")]
)
def test_divergence_ends_the_training(rate, said):
    course = training().run(np.full(6, rate))
    assert not course.is_whole
    assert any(word in course.ended for word in said.split("|"))


def test_chance_is_above_the_most_frequent_class():
    share = max(TARGETS.mean(), 1 - TARGETS.mean())
    assert share < training().chance <= 1


def test_a_spike_below_the_limit_is_no_divergence():
    rows = np.tile(np.arange(40), (48, 1))
    rows[40] = np.flatnonzero(TARGETS)[0]  # one example, with a large rate
    rates = np.where(np.arange(48) == 40, 40.0, 2.0)
    course = training(rows=rows, every=1).run(rates)
    lowest = np.minimum.accumulate(course.seen_losses)
    assert (course.seen_losses / lowest).max() > 4  # there is a spike
    assert course.seen_losses.max() < 4 * course.seen_losses[0]
    assert course.is_whole


def test_a_longer_training_starts_like_the_shorter_one():
    short, long = training(), training().longer(3)
    first, whole = short.run(np.full(6, 0.5)), long.run(np.full(18, 0.5))
    assert whole.losses[:6] == first.losses
    assert len(whole.seen) == len(first.seen)
