import numpy as np

from handgrad.sweeps.random_search import draw, drawn
from handgrad.sweeps.sweep import TRIALS

from .small import BATCH, RATE, WIDTH, sweep_of


def names(sweep):
    return [setting.name for setting in drawn(sweep)]


def test_the_same_file_gives_the_same_settings(tmp_path):
    first = names(sweep_of(tmp_path))
    assert len(set(first)) == len(first) == TRIALS
    assert names(sweep_of(tmp_path)) == first
    assert names(sweep_of(tmp_path, "seed = 1"))[0] != first[0]


def test_a_longer_sweep_begins_with_the_shorter_one(tmp_path):
    short = names(sweep_of(tmp_path, "trials = 5"))
    long = names(sweep_of(tmp_path, "trials = 12"))
    assert (len(short), long[:5]) == (5, short)


def test_a_parameter_leaves_the_draws_of_others(tmp_path):
    alone = draw(sweep_of(tmp_path, parameters=(RATE,)), 3)
    both = draw(sweep_of(tmp_path, parameters=(BATCH, RATE, WIDTH)), 3)
    rate = "optimizer.learning_rate"
    assert both[rate] == alone[rate]


def test_a_small_space_is_used_up_and_no_setting_comes_twice(tmp_path):
    found = names(sweep_of(tmp_path, "trials = 50", parameters=(WIDTH,)))
    assert sorted(found) == ["hidden_sizes=16", "hidden_sizes=8", "hidden_sizes=8-8"]


def test_draws_fill_the_range_evenly(tmp_path):
    sweep = sweep_of(tmp_path, parameters=(RATE,))
    (rate,) = sweep.space
    shares = [rate.share_of(draw(sweep, i)[rate.name]) for i in range(400)]
    counts, _ = np.histogram(shares, bins=4, range=(0, 1))
    assert counts.min() > 70  # 100 expected, three and a half spreads of 8.7 below
