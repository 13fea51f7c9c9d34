from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.reports.axes import (
    Scale,
    diamond,
    figure,
    label,
    log_ticks,
    scale_over,
    tick_words,
    ticks,
    whole_ticks,
)


def test_ticks_are_round():
    assert ticks(0, 1) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(0.813, 0.838) == [0.815, 0.82, 0.825, 0.83, 0.835]
    assert ticks(-3, 3) == [-2.0, 0.0, 2.0]
    assert log_ticks(0.3, 30) == [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    assert log_ticks(0.3, 300) == [1.0, 10.0, 100.0]


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_within(low, width):
    high = low + width
    found = ticks(low, high)
    assert 1 <= len(found) <= 7
    assert all(low - 1e-6 * width <= t <= high + 1e-6 * width for t in found)


@given(st.floats(1e-6, 1e6), st.floats(3, 1e9))
def test_logarithmic_ticks_are_few_and_within(low, times):
    found = log_ticks(low, low * times)
    assert 1 <= len(found) <= 6
    assert all(low <= tick <= low * times for tick in found)


@pytest.mark.parametrize("last", [1, 2, 3, 10, 20, 47, 50, 300])
def test_epochs_begin_with_1_and_end_with_the_last(last):
    found = whole_ticks(last)
    assert found[0] == 1
    assert found[-1] == last
    assert found == sorted(set(found))
    assert len(found) <= 8


def test_a_scale_holds_all_finite_numbers():
    scale = scale_over([0.5, nan, inf, 2.5], 100, 0)
    assert 100 > scale(0.5) > scale(1.5) == 50 > scale(2.5) > 0
    assert scale_over([3.0], 0, 10)(3.0) == 5
    assert scale_over([], 0, 10)(0.5) == 5


def test_a_logarithmic_scale_gives_each_power_its_room():
    scale = Scale(1, 100, 0, 10, is_log=True)
    assert [scale(v) for v in (1, 10, 100)] == [0, 5, 10]


def test_numbers_at_the_axis_are_short():
    assert list(map(tick_words, (0.0, 0.05, 12000.0, 2.5e6, 3e-7))) == [
        "0",
        "0.05",
        "12,000",
        "2.5M",
        "3e-07",
    ]


def test_a_figure_says_what_it_shows():
    drawing = figure("Loss <", "It falls.", label("a & b", 1, 2), diamond(3, 4, "x"))
    assert 'role="img" aria-label="Loss &lt;. It falls."' in drawing
    assert ">a &amp; b</text>" in drawing
    assert '<path d="M3 -1.5l5.5 5.5' in drawing
