from xml.etree import ElementTree

import pytest

from handgrad.reports.dark_figures import SVG
from handgrad.reports.drawing import (
    as_svg,
    is_wide,
    literal,
    look_of,
    new_drawing,
    scale,
)


@pytest.fixture
def drawing():
    made = new_drawing("It <falls>.", 2.0, 0.5, 0.5)
    (line,) = made.axes.plot([1, 2], [3, 4], "o")
    made.explain(line, ["first <b>", "second"])
    made.axes.set_title(literal("$x$ & 猫\n"))
    return made


def ticks(values):
    axes = new_drawing("", 2.0, 0.5, 0.5).axes
    axes.plot([1] * len(values), values)
    scale(axes, "y", values)
    low, high = axes.get_ylim()
    places = axes.yaxis.get_major_locator()()
    words = map(axes.yaxis.get_major_formatter(), places)
    return [w for p, w in zip(places, words, strict=True) if low <= p <= high]


def test_ticks_are_round_and_few():
    assert ticks([0.0, 1.0]) == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert ticks([0.0, 12e3]) == ["0", "2,500", "5,000", "7,500", "10,000", "12,500"]
    assert ticks([1.0, 80.0]) == ["1", "2", "5", "10", "20", "50"]
    assert ticks([1.0, 5e6]) == ["1", "1,000", "1M"]


def test_positive_values_of_many_sizes_are_wide():
    assert is_wide([0.1, 10.0])
    assert not is_wide([0.5, 10.0])
    assert not is_wide([0.0, 10.0])  # 0 has no logarithm
    assert not is_wide([])


def test_a_figure_says_what_it_shows(drawing):
    root = ElementTree.fromstring(as_svg(drawing, "a")[0])
    assert root.get("aria-label") == "It <falls>."
    assert [one.text for one in root.iter(f"{SVG}title")] == ["first <b>", "second"]


def test_text_stays_text_without_formulas(drawing):
    root = ElementTree.fromstring(as_svg(drawing, "a")[0])
    assert "$x$ & 猫\\n" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_tooltip_for_each_point_or_an_error(drawing):
    drawing.explain(drawing.axes.lines[0], ["only one"])
    with pytest.raises(ValueError, match="zip"):
        as_svg(drawing, "a")


def test_only_the_file_has_style_sheets(drawing):
    inside, alone = as_svg(drawing, "a")
    assert "<style" not in inside
    assert "prefers-color-scheme: dark" in alone


def test_ids_differ_between_the_figures_of_a_page(drawing):
    first, second = (as_svg(drawing, stem)[0] for stem in ("a", "b"))
    one, other = (
        {e.get("id") for e in ElementTree.fromstring(text).iter()} - {None}
        for text in (first, second)
    )
    assert one
    assert not one & other


def test_the_same_figure_is_drawn_as_the_same_bytes(drawing):
    assert as_svg(drawing, "a") == as_svg(drawing, "a")


def test_twenty_variants_look_different():
    assert len({str(look_of(place)) for place in range(20)}) == 20
    assert look_of(0)[1] == "solid"
    assert look_of(8)[0] == look_of(0)[0]
