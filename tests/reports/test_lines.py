import re
from xml.etree.ElementTree import fromstring

import pytest
from matplotlib.colors import to_hex

from handgrad.reports.curves import Series
from handgrad.reports.dark_figures import SVG
from handgrad.reports.drawing import as_svg, look_of
from handgrad.reports.lines import Mark, legend_columns, line_drawing, whole_ticks
from handgrad.reports.templates import environment

TWO = Series("a", {0: [2.0, 1.0, 0.5], 1: [3.0, 1.0, 0.7]})
ONE = Series("b", {0: [1.0, 0.9, 0.8]})


def tips(drawing):
    return [text for texts in drawing.tooltips.values() for text in texts]


def names(drawing):
    return [
        text.get_text() for legend in drawing.figure.legends for text in legend.texts
    ]


@pytest.mark.parametrize("last", [1, 2, 3, 10, 20, 47, 50, 300])
def test_epochs_begin_with_1_and_end_with_the_last(last):
    found = whole_ticks(last)
    assert found[0] == 1
    assert found[-1] == last
    assert found == sorted(set(found))
    assert len(found) <= 8


def test_a_line_for_each_variant_and_a_band_where_seeds_differ():
    drawing = line_drawing("Loss", [TWO, ONE], ["a", "b"])
    lines = [line for line in drawing.axes.lines if len(line.get_xdata()) > 1]
    assert [line.get_linestyle() for line in lines] == ["-", "None"] * 2
    (band,) = drawing.axes.collections
    assert to_hex(band.get_facecolor()[0]) == look_of(0)[0]
    assert "a, epoch 1: 2.5000 (2 to 3)" in tips(drawing)
    assert "a: 2.5000 after epoch 1, 0.6000 after epoch 3; b: 1 after" in drawing.words


def test_colours_follow_the_variant_and_not_the_order_of_drawing():
    drawing = line_drawing("Loss", [ONE], ["a", "b"])
    assert {line.get_color() for line in drawing.axes.lines} == {look_of(1)[0]}


def test_what_was_published_stands_at_its_epoch():
    drawing = line_drawing("Loss", [ONE], ["b"], [Mark(5, 0.8, "published: 0.8")])
    (mark,) = (line for line in drawing.axes.lines if line.get_marker() == "D")
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([5], [0.8])
    assert "published: 0.8" in tips(drawing)
    assert names(drawing) == ["b", "published"]
    alone = line_drawing("Loss", [], ["b"], [Mark(3, 0.8, "published: 0.8")])
    assert names(alone) == ["published"]


def test_a_wide_range_is_drawn_on_a_logarithmic_scale():
    wide = line_drawing("Loss", [Series("a", {0: [1e6, 10.0, 0.1]})], ["a"])
    assert wide.axes.get_yscale() == "log"
    assert "logarithmic" in wide.axes.get_xlabel()
    assert "logarithmic" in wide.words
    assert line_drawing("Loss", [ONE], ["b"]).axes.get_yscale() == "linear"


def test_points_show_themselves_only_where_they_are_few():
    many = Series("a", {0: [1.0, 0.9, 0.8, 0.7]})
    alphas = [
        line_drawing("Loss", [one], [one.variant]).axes.lines[1].get_alpha()
        for one in (many, ONE)
    ]
    assert alphas == [0.0, None]


def test_the_page_shows_hidden_points_below_the_pointer():
    many = Series("a", {0: [1.0, 0.9, 0.8, 0.7]})
    inside, _ = as_svg(line_drawing("Loss", [many], ["a"]), "a")
    points = [one for one in fromstring(inside).iter(f"{SVG}use") if len(one)]
    assert len(points) == 4
    sheet = environment().get_template("chart.css").render()
    (hidden,) = re.findall(r'use\[style\*="(.*?)"\]:hover', sheet)
    assert all(hidden in point.get("style") for point in points)


def test_a_value_that_is_missing_is_left_out():
    missing = Series("a", {0: [None, 0.3, float("inf")]})
    drawing = line_drawing("Loss", [missing], ["a"])
    assert list(drawing.axes.lines[0].get_xdata()) == [2]
    assert drawing.axes.get_yscale() == "linear"


def test_the_end_of_a_seed_is_crossed():
    broken = Series("a", {0: [2.0, 1.0], 1: [2.0]}, [1])
    assert "seed 1 stopped here" in tips(line_drawing("Loss", [broken], ["a"]))


def test_a_legend_is_there_where_it_says_something():
    assert names(line_drawing("Loss", [ONE], ["b"])) == []
    both = [Series("rate=1", ONE.seeds), Series("rate=2", ONE.seeds)]
    drawing = line_drawing("Loss", both, ["rate=1", "rate=2"])
    assert names(drawing) == ["1", "2"]
    assert drawing.figure.legends[0].get_title().get_text() == "rate"


def test_the_figure_has_room_for_its_legend():
    assert legend_columns(["a" * 30] * 9) == 1
    assert legend_columns(["1", "2"]) == 2
    assert legend_columns(["1"] * 100) == 5
    heights = []
    for count in (2, 20):
        variants = list(map(str, range(count)))
        series = [Series(variant, ONE.seeds) for variant in variants]
        figure = line_drawing("Loss", series, variants).figure
        heights.append(figure.get_figheight())
    assert heights[1] > heights[0]
