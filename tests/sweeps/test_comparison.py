import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.sweeps.comparison import FEWEST, LEVEL, compare, in_words, tail_of


def test_what_is_far_apart_is_told():
    found = compare([0.90, 0.91, 0.92], [0.80, 0.81, 0.82])
    assert found.difference == pytest.approx(0.1)
    assert found.low == pytest.approx(0.08)  # the worst of one, the best of the other
    assert found.high == pytest.approx(0.12)
    assert found.is_told
    assert in_words("A", "B", found) == (
        "A is better than B by 0.1000 (90% interval 0.0800 to 0.1200, 3 seeds each)."
    )
    lower = compare([0.1, 0.11, 0.12], [0.2, 0.21, 0.22])  # a loss
    assert in_words("A", "B", lower).startswith("A is better than B by 0.1000")


def test_what_overlaps_is_not_ranked():
    found = compare([0.90, 0.91, 0.95], [0.89, 0.92, 0.93])
    assert not found.is_told
    words = in_words("A", "B", found)
    assert words.startswith(
        "Not enough seeds to distinguish A from B: the means differ"
    )
    assert f"about {found.enough} seeds may be enough." in words
    assert found.enough > 3


def test_no_difference_needs_no_number_of_seeds():
    found = compare([0.9, 0.91, 0.92], [0.91, 0.9, 0.92])
    assert "the means are the same" in in_words("A", "B", found)
    assert in_words("A", "B", found).endswith("more may not help.")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([0.9, 0.91, float("nan")], [0.8, 0.82, 0.81], "first .* nan at position 2"),
        ([0.9, 0.91, 0.92], [0.8, None, 0.81], "second .* None at position 1"),
        ([float("inf"), 0.91], [0.8, 0.82], "first .* inf at position 0"),
        ([0.9, "0.91"], [0.8, 0.82], "first .* '0.91' at position 1"),
        ([0.9, [0.91]], [0.8, 0.82], r"first .* \[0.91\] at position 1"),
        (0.9, 0.8, "first as a list of one number for each seed, got 0.9"),
        ([0.9, 0.8], np.ones((3, 2)), "second as a list of one number for each seed"),
        ([], [0.8], "at least one value of each setting, got 0 and 1"),
    ],
)
def test_other_values_than_one_number_for_each_seed_are_refused(first, second, said):
    with pytest.raises(ConfigError, match=said):
        compare(first, second)


def test_values_may_be_arrays_and_tuples():
    assert compare(np.array([1, 2, 3], np.float32), (1, 2, np.int64(3))).difference == 0


def test_two_seeds_are_too_few():
    found = compare([0.9, 0.91], [0.1, 0.11])
    assert (found.low, found.is_told) == (None, False)
    assert f"at least {FEWEST} seeds each" in in_words("A", "B", found)


def test_the_same_values_give_the_same_interval():
    values = [0.9, 0.93, 0.91, 0.95], [0.92, 0.9, 0.88, 0.9]
    assert compare(*values) == compare(*values)


@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_equal_settings_seldom_differ_significantly(seeds):
    """Of settings that are the same, no more than one pair in ten or so is told."""
    draws = np.random.default_rng(seeds).normal(size=(400, 2, seeds))
    told = np.mean([compare(a, b).is_told for a, b in draws])
    assert told < 1 - LEVEL + 0.045  # three spreads of the share of 400 pairs


def test_few_seeds_widen_the_interval():
    tails = [tail_of(n) for n in (3, 5, 10, 1000)]
    assert tails == sorted(tails)
    assert tails[-1] == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize(("first", "second"), [([], []), ([0.9], []), ([], [0.9])])
def test_a_setting_without_values_is_refused(first, second):
    with pytest.raises(ConfigError, match="at least one value of each setting, got "):
        compare(first, second)
