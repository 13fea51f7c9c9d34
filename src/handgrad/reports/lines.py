"""A metric over epochs: the mean of each variant as a line, its seeds as a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from handgrad.inspection.figures.style import (
    INK,
    MUTED,
    TEXT_SIZE,
    quiet,
    title,
)
from handgrad.reports.curves import Series
from handgrad.reports.drawing import (
    Drawing,
    diamonds,
    finite,
    is_wide,
    literal,
    look_of,
    new_drawing,
    scale,
)
from handgrad.reports.text_formatting import cut, number, short_names

PLOT, LEFT, BOTTOM, LEGEND_ROW = 2.3, 0.5, 0.5, 0.19  # inches
FEW = 4  # most epochs with a marker at every point
LETTERS, SIGN = 46, 7  # characters in a row of the legend, and those of a line


@dataclass(frozen=True)
class Mark:
    """A published number at an epoch."""

    epoch: int
    value: float
    words: str


def line_drawing(
    heading: str,
    series: Sequence[Series],
    variants: Sequence[str],
    marks: Sequence[Mark] = (),
) -> Drawing:
    """Draw the figure; the colour of a variant depends on its index in `variants`."""
    values = [v for one in series for line in one.seeds.values() for v in line]
    values += [mark.value for mark in marks]
    numbers = finite(values)
    is_log = is_wide(numbers)
    names, (varied, _) = _legend_names(series, variants, marks), short_names(variants)
    rows = ceil(len(names) / legend_columns(names)) + bool(varied)
    bottom = BOTTOM + LEGEND_ROW * rows
    words = f"{heading}. {_words(series, is_log=is_log)}"
    drawing = new_drawing(words, PLOT + bottom, LEFT, bottom)
    axes = drawing.axes
    scale(axes, "y", numbers)
    lines = [_line(drawing, one, variants.index(one.variant)) for one in series]
    if marks:
        line = diamonds(axes, [m.epoch for m in marks], [m.value for m in marks])
        drawing.explain(line, [mark.words for mark in marks])
        lines.append(line)
    last = max([one.epochs for one in series] + [mark.epoch for mark in marks])
    axes.set_xticks(whole_ticks(last))
    axes.margins(x=0.03, y=0.06)
    label = "epoch (losses on a logarithmic scale)" if is_log else "epoch"
    axes.set_xlabel(label, color=MUTED, fontsize=TEXT_SIZE)
    quiet(axes, grid=True)
    title(axes, heading)
    if names:
        _legend(drawing.figure, varied, names, lines)
    return drawing


def whole_ticks(last: int, most: int = 6) -> list[int]:
    """Epochs to label: the first, the last and round ones between."""
    sizes = [size * step for size in (1, 10, 100, 1000) for step in (1, 2, 5)]
    step = next((step for step in sizes if last <= step * most), last)
    between = range(step, last, step)
    return sorted({1, *(t for t in between if t > 1 and last - t > step / 2), last})


def _line(drawing: Drawing, one: Series, place: int) -> Line2D:
    """Draw band, line, points and the crosses of seeds that stopped early."""
    colour, dashes = look_of(place)
    means, spread, axes = one.means(), one.spread(), drawing.axes
    if len(spread) > 1:
        epochs, low, high = zip(*spread, strict=True)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.18, linewidth=0)
    epochs, values = zip(*means, strict=True) if means else ((), ())
    (line,) = axes.plot(epochs, values, color=colour, linestyle=dashes, linewidth=1.6)
    shown = None if len(means) < FEW else 0.0  # the page shows them below the pointer
    (points,) = axes.plot(epochs, values, "o", color=colour, alpha=shown, markersize=5)
    drawing.explain(points, [_point_words(one, e, v) for e, v in means])
    if ends := one.ends():
        seeds, epochs, values = zip(*ends, strict=True)
        (crosses,) = axes.plot(epochs, values, "x", color=colour, markersize=7)
        drawing.explain(crosses, [f"seed {seed} stopped here" for seed in seeds])
    return line


def _point_words(one: Series, epoch: int, value: float) -> str:
    words = f"{one.variant}, epoch {epoch}: {number(value)}"
    values = one.at(epoch)
    if len(values) < 2:
        return words
    return f"{words} ({number(min(values))} to {number(max(values))})"


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
    note = " The scale is logarithmic." if is_log else ""
    return "; ".join(ends) + "." + note


def _legend_names(
    series: Sequence[Series], variants: Sequence[str], marks: Sequence[Mark]
) -> list[str]:
    """The names of all lines; none for one variant without published numbers."""
    if len(variants) < 2 and not marks:
        return []
    _, names = short_names(variants)
    shown = [*(names[one.variant] for one in series), *["published"] * bool(marks)]
    return [cut(name, LETTERS - SIGN) for name in shown]


def legend_columns(names: Sequence[str]) -> int:
    """The number of names side by side below the axes."""
    longest = max(map(len, names), default=0) + SIGN
    return max(min(LETTERS // longest, len(names)), 1)


def _legend(
    figure: Figure, heading: str, names: list[str], lines: list[Line2D]
) -> None:
    """Draw the legend in the lower left corner of the figure."""
    legend = figure.legend(
        lines,
        list(map(literal, names)),
        title=literal(heading) or None,
        loc="lower left",
        alignment="left",
        ncols=legend_columns(names),
        frameon=False,
        labelcolor=INK,
        fontsize=TEXT_SIZE,
        title_fontproperties={"size": TEXT_SIZE},
    )
    legend.get_title().set_color(MUTED)
