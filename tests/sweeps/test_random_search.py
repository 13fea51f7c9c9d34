from itertools import islice

import numpy as np

from handgrad.randomness import Key, uniform
from handgrad.sweeps.random_search import BLOCK, drawn, draws
from handgrad.sweeps.sweep import TRIALS

from .small import BATCH, RATE, WIDTH, sweep_of


def names(sweep):
    return [setting.name for setting in drawn(sweep)]


def draw(sweep, step):
    """The values of one draw."""
    return next(islice(draws(sweep), step, None))


def test_a_draw_is_a_function_of_seed_parameter_and_step(tmp_path):
    sweep = sweep_of(tmp_path, "seed = 3", parameters=(RATE,))
    (rate,) = sweep.space
    key = Key(3).child("sweep").child(rate.name)
    for step in (0, 1, BLOCK - 1, BLOCK, 3 * BLOCK + 5):
        expected = rate.at(float(uniform(key.at(step), (1,))[0]))
        assert draw(sweep, step) == {rate.name: expected}


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


def test_settings_with_the_same_name_are_the_same(tmp_path):
    narrow = '"optimizer.learning_rate" = { low = 0.1000001, high = 0.1000002 }'
    found = names(sweep_of(tmp_path, "trials = 5", parameters=(narrow,)))
    assert found == ["learning_rate=0.1"]


def test_draws_fill_the_range_evenly(tmp_path):
    sweep = sweep_of(tmp_path, parameters=(RATE,))
    (rate,) = sweep.space
    made = islice(draws(sweep), 400)
    shares = [rate.share_of(values[rate.name]) for values in made]
    counts, _ = np.histogram(shares, bins=4, range=(0, 1))
    assert counts.min() > 70  # 100 expected, three and a half spreads of 8.7 below
