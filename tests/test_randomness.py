import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from definitions.dropout import draw
from handgrad import randomness
from handgrad.errors import ConfigError, ShapeError
from handgrad.randomness import (
    PIECE,
    Key,
    keep_threshold,
    normal,
    permutation,
    philox,
    random_bits,
    uniform,
    uniform_pieces,
)

KEY = Key(0).child("test")
ONES = 0xFFFFFFFF


def as_words(*values):
    return [np.array(value, dtype=np.uint64) for value in values]


# Known answers of Random123, the authors' own library (kat_vectors, philox4x32 10).
@pytest.mark.parametrize(
    ("counter", "words", "expected"),
    [
        (
            (0, 0, 0, 0),
            (0, 0),
            (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
        ),
        (
            (ONES, ONES, ONES, ONES),
            (ONES, ONES),
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_known_answers(counter, words, expected):
    assert tuple(int(word) for word in philox(as_words(*counter), words)) == expected


@given(
    seed=st.integers(0, 2**63 - 1),
    step=st.integers(0, 2**32 - 1),
    examples=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3),
    shape=st.lists(st.integers(0, 5), max_size=2).map(tuple),
)
def test_draws_stand_where_the_docstring_says(seed, step, examples, shape):
    key = Key(seed).child("a").at(step, np.array(examples))
    bits = random_bits(key, (len(examples), *shape))
    for row, example in zip(bits, examples, strict=True):
        for position, bit in enumerate(row.reshape(-1)):
            assert draw(key.words, step, example, position) == bit


# Frozen: a change of any of these changes every seeded run that anyone has made.
def test_the_numbers_stay_as_they_are():
    assert Key(0).words == (2642226052, 1977601347)
    order = Key(0).child("order")
    assert permutation(order.at(1), 10).tolist() == [0, 3, 4, 8, 2, 9, 7, 5, 6, 1]
    bits = random_bits(Key(0), (5,))
    assert bits.dtype == np.uint32
    assert bits.tolist() == GOLDEN_BITS
    key = Key(7).child("a").at(3, np.array([2, 0]))
    assert [x.hex() for x in uniform(key, (2, 2)).reshape(-1)] == GOLDEN_UNIFORM
    assert [x.hex() for x in normal(Key(0), (4,))] == GOLDEN_NORMAL


GOLDEN_BITS = [3545319404, 1850690393, 3680148707, 70623482, 2442328950]
GOLDEN_UNIFORM = [
    "0x1.1d76d76600000p-2",
    "0x1.0e1f2f8c00000p-3",
    "0x1.77709aef00000p-1",
    "0x1.d2a52f4200000p-2",
]
GOLDEN_NORMAL = [
    "0x1.df6c12312749cp-1",
    "-0x1.64893487153e8p-3",
    "0x1.10f7b52290007p+0",
    "-0x1.11155f528f7aap+1",
]


def test_another_process_draws_the_same():
    code = (
        "from handgrad.randomness import *;"
        "print(*(x.hex() for x in normal(Key(3).child('weight').at(2), (6,))))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ours = normal(Key(3).child("weight").at(2), (6,))
    assert done.stdout.split() == [x.hex() for x in ours]


def test_draws_belong_to_the_example_and_not_to_its_place():
    together = random_bits(KEY.at(5, np.array([7, 3, 9])), (3, 4, 5))
    for place, example in enumerate([7, 3, 9]):
        alone = random_bits(KEY.at(5, np.array([example])), (1, 4, 5))
        np.testing.assert_array_equal(together[place], alone[0])


def test_each_example_may_have_a_step_of_its_own():
    examples, steps = np.array([7, 3, 7]), np.array([5, 2**32 - 1, 6])
    together = random_bits(KEY.at(steps, examples), (3, 9))
    for place, (step, example) in enumerate(zip(steps, examples, strict=True)):
        alone = random_bits(KEY.at(int(step), np.array([example])), (1, 9))
        np.testing.assert_array_equal(together[place], alone[0])


@pytest.mark.parametrize("examples", [None, np.arange(3)])
def test_there_are_as_many_steps_as_examples(examples):
    said = r"one step, or one for each example index, got steps of shape \(2,\)"
    with pytest.raises(ShapeError, match=said):
        random_bits(KEY.at(np.arange(2), examples), (3, 4))


def test_a_longer_draw_begins_with_the_shorter():
    np.testing.assert_array_equal(random_bits(KEY, (9,))[:5], random_bits(KEY, (5,)))


@pytest.mark.parametrize("count", [0, 1, PIECE, 2 * PIECE + 3])
def test_pieces_are_the_whole(count):
    whole = uniform(KEY, (count,), -2, 3)
    for part, draws in uniform_pieces(KEY, (count,), -2, 3):
        assert 0 < len(draws) <= PIECE
        np.testing.assert_array_equal(draws, whole[part])
        whole[part] = np.nan
    assert np.isnan(whole).all()


def test_every_part_of_a_key_matters():
    keys = [
        KEY,
        Key(1).child("test"),
        Key(0).child("other"),
        KEY.child("test"),
        KEY.at(1),
        KEY.at(0, np.array([1])),
    ]
    draws = [tuple(random_bits(key, (1, 8)).reshape(-1).tolist()) for key in keys]
    assert len(set(draws)) == len(keys)


def test_a_child_keeps_step_and_examples():
    key = KEY.at(4, np.array([1, 2])).child("inner")
    assert (key.path, key.step, key.examples.tolist()) == ("/test/inner", 4, [1, 2])
    assert key.at(5).examples is None


def test_children_of_many_names_have_words_of_their_own():
    words = {KEY.child(f"layer_{n}").words for n in range(10_000)}
    assert len(words) == 10_000


def test_bits_are_uniform():
    bits = random_bits(KEY, (1 << 18,))
    for shift in (0, 8, 16, 24):
        counts = np.bincount((bits >> shift) & 255, minlength=256)
        expected = bits.size / 256
        statistic = np.sum((counts - expected) ** 2 / expected)
        assert chi2.sf(statistic, 255) > 1e-4
    each_bit = np.unpackbits(bits.view(np.uint8).reshape(-1, 4), axis=1).mean(axis=0)
    assert np.all(abs(each_bit - 0.5) < 5 * 0.5 / np.sqrt(bits.size))


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5])
def test_neighbours_do_not_know_each_other(lag):
    """Along positions, examples and steps."""
    examples, count = np.arange(256), 1024
    draws = uniform(KEY.at(1, examples), (256, count)) - 0.5
    later = uniform(KEY.at(1 + lag, examples), (256, count)) - 0.5
    bound = 5 / np.sqrt(draws.size)
    pairs = (
        (draws[:, lag:], draws[:, :-lag]),
        (draws[lag:], draws[:-lag]),
        (draws, later),
    )
    for one, other in pairs:
        assert abs(np.mean(one * other) * 12) < bound


def test_uniform_is_uniform_and_stays_inside():
    draws = uniform(KEY, (100_000,), -2.0, 3.0)
    assert draws.dtype == np.float64
    assert draws.min() > -2.0
    assert draws.max() < 3.0
    assert kstest(draws, "uniform", args=(-2, 5)).pvalue > 1e-4


def test_not_even_the_extreme_bits_reach_the_ends(monkeypatch):
    """They are too rare to be found by drawing, so they are put in place."""
    extremes = np.array([0, ONES], dtype=np.uint32)
    monkeypatch.setattr(randomness, "random_bits", lambda key, shape: extremes)
    lowest, highest = uniform(KEY, (2,))
    assert 0 < lowest < 2.0**-32
    assert 1 - 2.0**-32 < highest < 1
    lowest, highest = normal(KEY, (2,))
    assert lowest == -highest == pytest.approx(-6.3379, abs=1e-4)


def test_normal_is_normal():
    draws = normal(KEY, (200_000,))
    assert kstest(draws, "norm").pvalue > 1e-4
    root = np.sqrt(draws.size)
    assert abs(draws.mean()) < 5 / root
    assert abs(draws.var() - 1) < 5 * np.sqrt(2) / root
    assert abs(np.mean(draws**3)) < 5 * np.sqrt(15) / root
    assert abs(np.mean(draws**4) - 3) < 5 * np.sqrt(96) / root


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 1797, 60_000])
def test_a_permutation_has_every_number_once(count):
    order = permutation(KEY, count)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(count))


def test_every_permutation_is_as_likely_as_any():
    orders = Counter(tuple(permutation(KEY.at(step), 4)) for step in range(6000))
    assert len(orders) == 24
    statistic = sum((count - 250) ** 2 / 250 for count in orders.values())
    assert chi2.sf(statistic, 23) > 1e-4


def test_the_order_of_each_epoch_is_new():
    orders = [permutation(KEY.at(epoch), 100).tolist() for epoch in (1, 2)]
    assert orders[0] != orders[1]


@pytest.mark.parametrize("dropped", [0.0, 0.1, 0.25, 0.5, 0.9, 1 - 2**-40])
def test_the_threshold_drops_the_fraction(dropped):
    threshold = keep_threshold(dropped)
    assert type(threshold) is int
    assert 0 <= threshold < 2**32  # at least the largest draw is kept
    assert abs(threshold / 2**32 - dropped) < 2**-32 + 1e-16


def test_empty_draws_are_empty():
    assert random_bits(KEY, (0,)).shape == (0,)
    assert random_bits(KEY, (3, 0)).shape == (3, 0)
    assert random_bits(KEY.at(1, np.arange(0)), (0, 4)).shape == (0, 4)
    assert random_bits(KEY, ()).shape == ()


@pytest.mark.parametrize("shape", [(2, 5), (4, 5), ()])
def test_a_draw_takes_a_number_for_each_row(shape):
    with pytest.raises(ShapeError, match=r"one example index per row.* this batch"):
        random_bits(KEY.at(1, np.arange(3)), shape)


@pytest.mark.parametrize("examples", [[-1, 0], [0, 2**32]])
def test_example_numbers_out_of_range(examples):
    with pytest.raises(ConfigError, match="takes example indices from 0 to 4294967295"):
        random_bits(KEY.at(1, np.array(examples)), (2, 3))


@pytest.mark.parametrize("step", [-1, 2**32, 2**70])
def test_steps_out_of_range(step):
    message = f"takes a step from 0 to 4294967295, got {step}. Count steps from 1."
    with pytest.raises(ConfigError, match=message):
        random_bits(KEY.at(step), (2,))


@pytest.mark.parametrize("step", ["2", 2.5, True, None, [1, 2.0]])
def test_steps_that_are_no_integers(step):
    with pytest.raises(ConfigError, match="takes a step "):
        random_bits(KEY.at(step), (2,))


@pytest.mark.parametrize("examples", [["a", "b"], [0.0, 1.5], [True, False]])
def test_examples_that_are_no_integers(examples):
    with pytest.raises(ConfigError, match="takes example indices as integers"):
        random_bits(KEY.at(1, examples), (2,))


@pytest.mark.parametrize("shape", [5, 5.0, "5", None])
def test_a_shape_is_a_tuple(shape):
    with pytest.raises(ConfigError, match="takes its shape as a tuple, got"):
        uniform(KEY, shape)


@pytest.mark.parametrize("seed", [-1, 2**63, None, 0.5, "0"])
def test_a_key_takes_the_seeds_of_a_configuration(seed):
    with pytest.raises(ConfigError, match="A Key takes seed as an integer from 0 to"):
        Key(seed)
