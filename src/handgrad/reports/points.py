"""A metric by variant: the mean, the seeds, and the published value."""

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.reports.axes import (
    RIGHT,
    WIDTH,
    Scale,
    diamond,
    figure,
    label,
    scale_over,
    tick_words,
)
from handgrad.reports.legend import short_names, style_of
from handgrad.reports.lines import WIDE
from handgrad.reports.markup import Markup, element
from handgrad.reports.words import number, with_spread
from handgrad.studies.summary import Summary

FIRST, TRACK, AXIS = 34, 36, 26  # heights in pixels: top margin, one track, axis
SIDE = 8
LETTERS = 60  # characters that fit above a track


@dataclass(frozen=True)
class Point:
    """A variant: our results, and the published value, if any."""

    variant: str
    ours: Summary
    published: float | None = None


def point_figure(
    heading: str, points: Sequence[Point], variants: Sequence[str]
) -> Markup:
    """Draw one track per variant, with its name and value above it."""
    bottom = FIRST + TRACK * len(points)
    values = [value for point in points for value in point.ours.values]
    values += [p.published for p in points if p.published is not None]
    is_log = min(values, default=0) > 0 and max(values) > WIDE * min(values)
    x = scale_over(values, SIDE, WIDTH - RIGHT, is_log=is_log)
    _, names = short_names(variants)
    tracks = [
        _track(point, names[point.variant], variants.index(point.variant), top, x)
        for point, top in zip(points, range(FIRST, bottom, TRACK), strict=True)
    ]
    return figure(
        heading,
        _words(points),
        element("g", *_axis(x, bottom), class_="frame"),
        *tracks,
        height=height_of(points),
    )


def _axis(x: Scale, bottom: float) -> list[Markup]:
    parts = []
    for tick in x.ticks:
        place = x(tick)
        parts += [
            element("line", x1=place, x2=place, y1=FIRST - 4, y2=bottom),
            label(tick_words(tick), place, bottom + 16, "middle"),
        ]
    return parts


def _track(point: Point, name: str, place: int, top: float, x: Scale) -> Markup:
    y = top + 23.0
    ours = point.ours
    said = with_spread(ours) if ours else ours.why
    shown = cut(said, LETTERS // 2)
    short = cut(name, LETTERS - len(shown))
    parts = [
        element("line", x1=x.start, x2=x.end, y1=y, y2=y, class_="track"),
        label(short, x.start, top + 11, class_="name"),
        label(shown, x.end, top + 11, "end", class_="value"),
    ]
    if ours:
        parts += _seeds(ours, y, x)
        title = element("title", f"{point.variant}: {said}")
        parts.append(
            element("circle", title, cx=x(ours.mean), cy=y, r=5, class_="mean")
        )
    if point.published is not None:
        title_text = f"published: {number(point.published)}"
        parts.append(diamond(x(point.published), y, title_text))
    return element("g", *parts, class_=f"point {style_of(place)}")


def cut(text: str, most: int) -> str:
    """Truncate the text to at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _seeds(ours: Summary, y: float, x: Scale) -> list[Markup]:
    """A whisker from the lowest to the highest seed, and a dot for each seed."""
    if len(ours.values) < 2:
        return []
    low, high = x(min(ours.values)), x(max(ours.values))
    whisker = element("line", x1=low, x2=high, y1=y, y2=y, class_="whisker")
    dots = [
        element("circle", cx=x(value), cy=y, r=2.5, class_="seed")
        for value in ours.values
    ]
    return [whisker, *dots]


def _words(points: Sequence[Point]) -> str:
    said = []
    for point in points:
        words = with_spread(point.ours) if point.ours else point.ours.why
        if point.published is not None:
            words += f", published {number(point.published)}"
        said.append(f"{point.variant}: {words}")
    return "; ".join(said) + "."


def height_of(points: Sequence[Point]) -> float:
    """The height of the figure of these points, in pixels."""
    return FIRST + TRACK * len(points) + AXIS
