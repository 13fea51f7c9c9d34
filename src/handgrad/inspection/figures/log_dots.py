"""A dot plot of values on a logarithmic scale."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from handgrad.inspection.figures.style import (
    BLUE,
    GRID,
    INK,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

ROOM = 30.0  # factor between the extreme values and the edges of the axis


def log_dots(
    values: Mapping[str, float], *, heading: str, note: str, form: str = "{:.3g}"
) -> Figure:
    """One dot per name; `form` formats its value. A 0 is drawn at the left edge."""
    figure = new_figure(7.6, 1.3 + 0.34 * len(values))
    axes = figure.add_subplot()
    positive = [value for value in values.values() if value > 0] or [1.0]
    least, most = min(positive) / ROOM, max(positive) * ROOM
    places, drawn = range(len(values)), [max(v, least) for v in values.values()]
    axes.hlines(places, least, drawn, color=BLUE, linewidth=2, alpha=0.35)
    axes.plot(drawn, places, "o", color=BLUE, markersize=6)
    for place, (at, value) in enumerate(zip(drawn, values.values(), strict=True)):
        axes.annotate(
            form.format(value),
            (at, place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=TEXT_SIZE,
        )
    axes.set_xscale("log")
    axes.set_xlim(least, most)
    axes.set_yticks(places, list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    quiet(axes)
    axes.grid(axis="x", color=GRID)
    title(axes, heading, note)
    return figure
