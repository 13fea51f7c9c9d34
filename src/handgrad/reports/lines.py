"""A metric over epochs: the mean of each variant as a line, its seeds as a band."""

from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.reports.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Scale,
    diamond,
    figure,
    grid_across,
    label,
    scale_over,
    tick_words,
    whole_ticks,
)
from handgrad.reports.curves import Series
from handgrad.reports.legend import style_of
from handgrad.reports.markup import Markup, element
from handgrad.reports.words import number

WIDE = 30.0  # ratio of largest to smallest value above which the scale is logarithmic


@dataclass(frozen=True)
class Mark:
    """A published number at an epoch."""

    epoch: int
    value: float
    words: str


def line_figure(
    heading: str,
    series: Sequence[Series],
    variants: Sequence[str],
    marks: Sequence[Mark] = (),
) -> Markup:
    """Draw the figure; the colour of a variant depends on its index in `variants`."""
    values = [v for one in series for line in one.seeds.values() for v in line]
    values += [mark.value for mark in marks]
    numbers = [value for value in values if value is not None]
    last = max([one.epochs for one in series] + [mark.epoch for mark in marks])
    x = Scale(1, max(last, 2), LEFT, WIDTH - RIGHT)
    is_log = min(numbers, default=0) > 0 and max(numbers) > WIDE * min(numbers)
    y = scale_over(numbers, HEIGHT - BOTTOM, TOP, is_log=is_log)
    drawn = [_drawn(one, variants.index(one.variant), x, y) for one in series]
    return figure(
        heading,
        _words(series, is_log=is_log),
        element("g", *grid_across(x, y), *_epochs(x, y, last), class_="frame"),
        *[band for band, _ in drawn if band],
        *[line for _, line in drawn],
        *[diamond(x(m.epoch), y(m.value), m.words) for m in marks],
    )


def _epochs(x: Scale, y: Scale, last: int) -> list[Markup]:
    named = [
        label(tick_words(t), x(t), y.start + 17, "middle") for t in whole_ticks(last)
    ]
    scale = "epoch (losses on a logarithmic scale)" if y.is_log else "epoch"
    return [*named, label(scale, (x.start + x.end) / 2, y.start + 34, "middle")]


def _drawn(one: Series, place: int, x: Scale, y: Scale) -> tuple[Markup | None, Markup]:
    """The band, drawn below all lines, and the line with its points."""
    style = style_of(place)
    spread = one.spread()
    above = [f"{x(e):g} {y(high):g}" for e, _, high in spread]
    below = [f"{x(e):g} {y(low):g}" for e, low, _ in reversed(spread)]
    band = None
    if len(spread) > 1:
        path = f"M{'L'.join(above + below)}z"
        band = element("path", d=path, class_=f"band {style}")
    means = one.means()
    path = "M" + "L".join(f"{x(e):g} {y(v):g}" for e, v in means)
    points = [_point(one, e, v, x, y) for e, v in means]
    crosses = [_cross(x(e), y(v), f"seed {s} stopped here") for s, e, v in one.ends()]
    line = element("path", d=path, class_="line") if len(means) > 1 else None
    few = "few" if len(means) < 4 else ""
    return band, element("g", line, *points, *crosses, class_=f"{style} {few}".strip())


def _point(one: Series, epoch: int, value: float, x: Scale, y: Scale) -> Markup:
    values = one.at(epoch)
    title = f"{one.variant}, epoch {epoch}: {number(value)}"
    if len(values) > 1:
        title += f" ({number(min(values))} to {number(max(values))})"
    return element("circle", element("title", title), cx=x(epoch), cy=y(value), r=3.5)


def _cross(x: float, y: float, title: str) -> Markup:
    path = f"M{x - 5:g} {y - 5:g}l10 10m0-10l-10 10"
    return element("path", element("title", title), d=path, class_="cross")


def _words(series: Sequence[Series], *, is_log: bool) -> str:
    """The first and last value of each line, in words."""
    ends = []
    for one in series:
        means = one.means()
        if means:
            (_, first), (epoch, last) = means[0], means[-1]
            ends.append(
                f"{one.variant}: {number(first)} after epoch 1, "
                f"{number(last)} after epoch {epoch}"
            )
    scale = " The scale is logarithmic." if is_log else ""
    return "; ".join(ends) + "." + scale
