from handgrad.reports.drawing import as_svg
from handgrad.reports.points import Point, point_drawing
from handgrad.studies.study_summary import Summary

POINTS = [
    Point("momentum=0", Summary((0.5, 0.6)), 0.7),
    Point("momentum=0.9", Summary((0.8,))),
    Point("momentum=<1>", Summary(why="not run")),
]
VARIANTS = [point.variant for point in POINTS]


def words(drawing):
    return [text.get_text() for text in drawing.axes.texts]


def test_every_variant_has_its_track():
    drawing = point_drawing("Accuracy", POINTS, VARIANTS)
    assert words(drawing)[0::2] == ["0", "0.9", "<1>"]
    assert words(drawing)[1::2] == ["0.5500 ± 0.0707", "0.8000", "not run"]
    assert "momentum=0: 0.5500 ± 0.0707, published 0.7000" in drawing.words
    assert list(drawing.tooltips.values()) == [
        ["momentum=0: 0.5500 ± 0.0707"],
        ["published: 0.7000"],
        ["momentum=0.9: 0.8000"],
    ]


def test_a_single_seed_is_the_mean():
    shown = [
        len(line.get_xdata())
        for line in point_drawing("A", POINTS, VARIANTS).axes.lines
    ]
    assert shown.count(2) == 3 + 1  # three tracks, and the seeds of the first


def test_it_grows_with_the_variants():
    many, one = (point_drawing("A", p, VARIANTS) for p in (POINTS, POINTS[:1]))
    assert many.figure.get_figheight() > one.figure.get_figheight()


def test_a_long_reason_is_cut():
    point = Point("a", Summary(why="because " * 20))
    _, said = words(point_drawing("Accuracy", [point], ["a"]))
    assert said.endswith("…")
    assert len(said) < 30


def test_a_value_that_is_not_finite_is_written_and_not_drawn():
    points = [Point("a", Summary((float("inf"),))), Point("b", Summary((1.0,)))]
    drawing = point_drawing("Accuracy", points, ["a", "b"])
    assert words(drawing)[1] == "inf"
    assert list(drawing.tooltips.values()) == [["b: 1"]]
    assert as_svg(drawing, "a")
