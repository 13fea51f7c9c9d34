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
        "look": np.arange(40),
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


def test_the_same_images_are_looked_at_before_and_after():
    course = training().run(np.full(6, 0.5))
    assert course.is_whole
    assert len(course.losses) == 6
    assert len(course.seen) == 4
    # with the whole set as the batch, a step's loss is that of the look before it
    np.testing.assert_allclose(course.seen_losses[:3], course.losses[::2], rtol=1e-6)
    assert course.seen[-1][1] > course.seen[0][1]


def test_each_training_starts_anew_and_repeats_its_bits():
    one = training()
    first, second = one.run(np.full(6, 0.5)), one.run(np.full(6, 0.5))
    assert first == second
    assert one.run(np.full(6, 0.1)).seen[0] == first.seen[0]


@pytest.mark.parametrize(("rate", "said"), [(1e6, "rose"), (1e38, "NaN|number|rose")])
def test_a_loss_that_bursts_ends_it(rate, said):
    course = training().run(np.full(6, rate))
    assert not course.is_whole
    assert any(word in course.ended for word in said.split("|"))


def test_chance_lies_above_the_most_frequent_class():
    share = max(TARGETS.mean(), 1 - TARGETS.mean())
    assert share < training().chance <= 1


def test_a_spike_below_the_first_loss_is_no_burst():
    rows = np.tile(np.arange(40), (48, 1))
    rows[40] = np.flatnonzero(TARGETS)[0]  # one example, with a large rate
    rates = np.where(np.arange(48) == 40, 40.0, 2.0)
    course = training(rows=rows, every=1).run(rates)
    lowest = np.minimum.accumulate(course.seen_losses)
    assert (course.seen_losses / lowest).max() > 4  # it spikes,
    assert course.seen_losses.max() < 4 * course.seen_losses[0]
    assert course.is_whole


def test_a_longer_one_begins_as_the_shorter():
    short, long = training(), training().longer(3)
    first, whole = short.run(np.full(6, 0.5)), long.run(np.full(18, 0.5))
    assert whole.losses[:6] == first.losses
    assert len(whole.seen) == len(first.seen)
