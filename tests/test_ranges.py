import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.ranges import (
    MOST,
    check_at_least,
    check_between,
    check_count,
    check_fraction,
    check_positive,
    check_seed,
    shown,
)


def test_values_in_range_pass():
    check_at_least("Who", "what", 0, 0)
    check_positive("Who", "what", 1e-300)
    check_fraction("Who", "what", 0)
    check_fraction("Who", "what", 0.999)
    check_between("Who", "what", 2, 2, 3)
    check_between("Who", "what", 3.0, 2, 3)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda value: check_at_least("Who", "what", value, 0), "of at least 0"),
        (lambda value: check_positive("Who", "what", value), "above 0"),
        (lambda value: check_fraction("Who", "what", value), "up to, but not inc"),
        (lambda value: check_between("Who", "what", value, 0, 2), "from 0 to 2"),
    ],
)
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_values_out_of_range_are_refused_in_one_clear_sentence(check, words, value):
    with pytest.raises(ConfigError, match=rf"Who takes what .*{words}.*got {value}"):
        check(value)


@pytest.mark.parametrize("value", [0, -1, 1.5, "a", None, True])
def test_a_count_is_a_whole_number(value):
    with pytest.raises(ConfigError, match="as an integer of at least 1"):
        check_count("A part", "workers", value)


@pytest.mark.parametrize("value", [1, np.int64(3)])
def test_a_count_may_be_numpy_s(value):
    check_count("A part", "workers", value)


@pytest.mark.parametrize("value", [MOST + 1, pytest.param(10**5000, id="huge")])
def test_a_count_has_an_end(value):
    check_count("A part", "size", MOST)
    with pytest.raises(ConfigError, match=f"from 1 to {MOST}, got"):
        check_count("A part", "size", value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(7), "7"),
        (np.float32(0.5), "0.5"),
        (np.nan, "nan"),
        (np.True_, "True"),
        (np.str_("a"), "'a'"),
        ([np.int64(7), 0.5], "[7, 0.5]"),
        ({"a": np.float64(1)}, "{'a': 1.0}"),
        (np.arange(4).reshape(2, 2), "array([[0, 1], [2, 3]])"),
        ("x" * 200, f"'{'x' * 79}..."),
        pytest.param(10**5000, "a number of thousands of digits", id="huge"),
        ([10**5000], "a number of thousands of digits"),
    ],
)
def test_values_are_short_and_plain_in_a_sentence(value, text):
    assert shown(value) == text


@pytest.mark.parametrize("value", [10**40, 1e300])
def test_a_number_that_is_too_large_is_told_the_largest(value):
    for check in (check_positive, lambda *given: check_at_least(*given, 0)):
        with pytest.raises(
            ConfigError, match=r"takes what of at most 3.40282e\+38, got"
        ):
            check("Who", "what", value)


@pytest.mark.parametrize("value", [-1, 2**63, 10**400, 1.0, True, None, "1"])
def test_a_seed_has_63_bits(value):
    for right in (0, 2**63 - 1, np.uint64(7)):
        check_seed("Who", "seed", right)
    with pytest.raises(ConfigError, match=f"Who takes seed .* from 0 to {2**63 - 1}, "):
        check_seed("Who", "seed", value)
