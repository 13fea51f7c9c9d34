from handgrad.reports.points import Point, cut, height_of, point_figure
from handgrad.studies.summary import Summary

POINTS = [
    Point("momentum=0", Summary((0.5, 0.6)), 0.7),
    Point("momentum=0.9", Summary((0.8,))),
    Point("momentum=<1>", Summary(why="not run")),
]
VARIANTS = [point.variant for point in POINTS]


def test_every_variant_has_its_track():
    drawing = point_figure("Accuracy", POINTS, VARIANTS)
    assert drawing.count('class="track"') == 3
    assert drawing.count('class="mean"') == 2
    assert drawing.count('class="seed"') == 2  # a single seed is the mean
    assert drawing.count('class="published"') == 1
    assert "0.5500 ± 0.0707" in drawing
    assert ">not run</text>" in drawing
    assert "momentum=0: 0.5500 ± 0.0707, published 0.7000" in drawing
    assert "<1>" not in drawing


def test_it_grows_with_the_variants():
    assert height_of(POINTS) > height_of(POINTS[:1])


def test_a_long_reason_is_cut():
    point = Point("a", Summary(why="because " * 20))
    assert "…</text>" in point_figure("Accuracy", [point], ["a"])
    assert [cut(text, 3) for text in ("abc", "abcd")] == ["abc", "ab…"]
