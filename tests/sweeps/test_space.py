from math import inf, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import ConfigError
from handgrad.sweeps.space import (
    Choice,
    Range,
    as_written,
    read_space,
    setting_of,
    short_names,
)

shares = st.floats(0, 1, exclude_max=True)
RATE = Range("optimizer.learning_rate", 0.001, 1.0, log=True)


@given(shares)
def test_a_range_is_never_left(share):
    assert 0.001 <= RATE.at(share) <= 1.0
    assert 0.2 <= Range("a.b", 0.2, 0.3).at(share) <= 0.3
    assert Range("a.b", 3, 5, integer=True).at(share) in (3, 4, 5)
    assert Range("a.b", 1, 8, integer=True, log=True).at(share) in range(1, 9)


@given(shares)
def test_rounding_does_not_leave_a_narrow_range(share):
    narrow = Range("a.b", 0.100001, 0.100004, count=3)
    assert 0.100001 <= narrow.at(share) <= 0.100004
    assert all(0.100001 <= value <= 0.100004 for value in narrow.points())
    assert Range("a.b", 12345, 99999).at(0.0) == 12345.0


def test_logarithms_are_spread_evenly():
    assert [log10(RATE.at(s)) for s in (0, 1 / 3, 2 / 3)] == pytest.approx([-3, -2, -1])
    assert RATE.share_of(0.01) == pytest.approx(1 / 3)


def test_whole_numbers_have_equal_pieces():
    whole = Range("a.b", 0, 2, integer=True)
    drawn = [whole.at((i + 0.5) / 300) for i in range(300)]
    assert [drawn.count(n) for n in (0, 1, 2)] == [100, 100, 100]


def test_a_grid_takes_both_ends():
    assert Range("a.b", 0.01, 1.0, log=True, count=3).points() == (0.01, 0.1, 1.0)
    assert Range("a.b", 1, 4, integer=True, count=9).points() == (1, 2, 3, 4)
    assert Choice("a.b", ("x", "y")).points() == ("x", "y")
    with pytest.raises(ConfigError, match="count = 5"):
        RATE.points()


def test_choices_of_any_kind_have_a_place():
    sizes = Choice("model.hidden_sizes", ([8], [16], [8, 8]))
    assert [sizes.at(s) for s in (0, 0.34, 0.999)] == [[8], [16], [8, 8]]
    assert [sizes.share_of(v) for v in sizes.values] == [0, 0.5, 1]
    assert Choice("a.b", (1,)).share_of(1) == 0


def test_a_setting_has_a_name_that_can_be_read():
    space = (RATE, Choice("model.hidden_sizes", ([8, 8],)))
    values = {"optimizer.learning_rate": 0.02, "model.hidden_sizes": [8, 8]}
    assert setting_of(space, values).name == "learning_rate=0.02, hidden_sizes=8-8"
    assert short_names(["model.name", "loss.name", "loss.l2"]) == {
        "model.name": "model.name",
        "loss.name": "loss.name",
        "loss.l2": "l2",
    }
    assert as_written(0.0123456) == 0.01235


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({}, r"\[sweep.parameters\] is empty"),
        ({"learning_rate": [1]}, 'example: "optimizer.learning_rate"'),
        ({"optimiser.learning_rate": [1]}, "Did you mean 'optimizer'?"),
        ({"model.a": []}, "empty list"),
        ({"model.a": [1, 2, 1]}, "has 1 twice"),
        ({"model.a": "relu"}, "put it into"),
        ({"model.a": {"low": 0, "hihg": 1}}, "Did you mean 'high'?"),
        ({"model.a": {"low": 0}}, "needs a number as high, got None"),
        ({"model.a": {"low": True, "high": 2}}, "needs a number as low, got True"),
        ({"model.a": {"low": 2, "high": 1}}, "needs low below high, got 2 and 1"),
        ({"model.a": {"low": 0, "high": 1, "log": True}}, "low must be above 0"),
        ({"model.a": {"low": 0, "high": 1, "log": 1}}, "true or false as log"),
        (
            {"model.a": {"low": 0.5, "high": 2, "integer": True}},
            "needs an integer as low, got 0.5",
        ),
        (
            {"model.a": {"low": 0, "high": 1, "count": 1}},
            "from 2 to 1000 as count, got 1",
        ),
        (
            {"model.a": {"low": 0, "high": 1, "count": 10**9}},
            "from 2 to 1000 as count",
        ),
        ({"model.a": {"low": -1e308, "high": 1e308}}, "is limited to 3.403e.38, got"),
        ({"model.a": {"low": 0, "high": inf}}, "needs a number as high, got inf"),
    ],
)
def test_what_cannot_be_is_said(tables, sentence):
    with pytest.raises(ConfigError, match=sentence):
        read_space(tables, "a.toml")


def test_ranges_and_lists_are_read():
    tables = {"model.a": ["x"], "model.b": {"low": 1, "high": 3, "integer": True}}
    choice, whole = read_space(tables, "a.toml")
    assert choice == Choice("model.a", ("x",))
    assert whole == Range("model.b", 1, 3, integer=True)
