"""A metric by variant: the mean, the seeds, and the published value."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from matplotlib.axes import Axes

from handgrad.inspection.figures.style import (
    GRID,
    INK,
    TEXT_SIZE,
    quiet,
    title,
)
from handgrad.reports.drawing import (
    Drawing,
    diamonds,
    finite,
    literal,
    look_of,
    new_drawing,
    scale,
)
from handgrad.reports.text_formatting import cut, number, short_names, with_spread
from handgrad.studies.study_summary import Summary

AROUND, TRACK, SIDE, BOTTOM = 0.7, 0.38, 0.1, 0.3  # inches
LETTERS = 50  # characters that fit above a track


@dataclass(frozen=True)
class Point:
    """A variant: our results, and the published value, if any."""

    variant: str
    ours: Summary
    published: float | None = None

    @property
    def words(self) -> str:
        """Mean and standard deviation, or why there are none."""
        return with_spread(self.ours) if self.ours else self.ours.why


def point_drawing(
    heading: str, points: Sequence[Point], variants: Sequence[str]
) -> Drawing:
    """Draw one track per variant, with its name and value above it."""
    words = f"{heading}. {_words(points)}"
    drawing = new_drawing(words, AROUND + TRACK * len(points), SIDE, BOTTOM)
    axes = drawing.axes
    values = [value for point in points for value in point.ours.values]
    values += [p.published for p in points if p.published is not None]
    scale(axes, "x", finite(values))
    _, names = short_names(variants)
    for place, point in enumerate(points):
        colour, _ = look_of(variants.index(point.variant))
        _name(axes, place, names[point.variant], point.words)
        _track(drawing, place, point, colour)
    axes.margins(x=0.04)
    axes.set_ylim(len(points) - 0.6, -0.75)
    axes.set_yticks([])
    quiet(axes)
    axes.grid(axis="x", color=GRID, linewidth=1)
    title(axes, heading)
    return drawing


def _name(axes: Axes, place: int, name: str, value: str) -> None:
    """Write the name and the value of a variant above its track."""
    value = cut(value, LETTERS // 2)
    name = cut(name, LETTERS - len(value))
    for text, x, side in ((name, 0, "left"), (value, 1, "right")):
        axes.annotate(
            literal(text),
            (x, place),
            xycoords=axes.get_yaxis_transform(),  # x: fraction of the width
            xytext=(0, 7),
            textcoords="offset points",
            ha=side,
            color=INK,
            fontsize=TEXT_SIZE,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _track(drawing: Drawing, place: int, point: Point, colour: str) -> None:
    """Draw the range of the seeds, each seed, the mean and the published value."""
    axes = drawing.axes
    axes.axhline(place, color=GRID, linewidth=1)
    ours = point.ours
    if len(ours.values) > 1:
        low, high = min(ours.values), max(ours.values)
        axes.hlines(place, low, high, color=colour, linewidth=2.5, alpha=0.45)
        seeds = [place] * len(ours.values)
        axes.plot(
            ours.values, seeds, "o", color=colour, markerfacecolor="white", markersize=4
        )
    if ours and isfinite(ours.mean):
        (mean,) = axes.plot(ours.mean, place, "o", color=colour, markersize=7)
        drawing.explain(mean, [f"{point.variant}: {point.words}"])
    if point.published is not None:
        mark = diamonds(axes, [point.published], [place])
        drawing.explain(mark, [f"published: {number(point.published)}"])


def _words(points: Sequence[Point]) -> str:
    said = []
    for point in points:
        words = point.words
        if point.published is not None:
            words += f", published {number(point.published)}"
        said.append(f"{point.variant}: {words}")
    return "; ".join(said) + "."
