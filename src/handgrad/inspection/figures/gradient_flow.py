"""Gradient norms by layer and by depth."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from handgrad.inspection.figures.charts import bar_values, chart, finish, legend
from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    new_figure,
)
from handgrad.inspection.gradient_flow import DepthRow, FlowRow

COLORS = (ORANGE, BLUE, PALE, INK, MUTED)
SHADES = 0.3  # lower limit of the opacity; the deepest network is opaque


def gradient_flow(rows: Sequence[FlowRow]) -> Figure:
    """One bar per layer, first layer on top, on a logarithmic scale."""
    figure, axes = chart(7.6, 1.3 + 0.36 * len(rows))
    norms = [row.gradient_norm for row in rows]
    bars = axes.barh(range(len(rows)), norms, 0.6, color=BLUE)
    bar_values(axes, bars, "{:.2e}", 3)
    axes.set_yticks(range(len(rows)), [row.layer for row in rows])
    axes.invert_yaxis()
    if min(norms) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(norms) / 4, max(norms) * 8)
    note = "first layer on top; one batch, float64"
    finish(axes, "Gradient norm by layer", note, grid="x")
    return figure


def depth_flow(rows: Sequence[DepthRow]) -> Figure:
    """Gradient norms by layer of each network, and of the first layer by depth."""
    figure = new_figure(10.2, 4.0)
    left, right = figure.subplots(1, 2)
    names = list(dict.fromkeys(row.activation for row in rows))
    deepest = max(row.depth for row in rows)
    for name, color in zip(names, COLORS, strict=False):
        own = sorted(
            (row for row in rows if row.activation == name), key=lambda row: row.depth
        )
        for row in own:
            strength = SHADES + (1 - SHADES) * row.depth / deepest
            places = range(1, len(row.norms) + 1)
            left.plot(places, row.norms, "o-", color=color, alpha=strength, ms=3)
        depths, firsts = [row.depth for row in own], [row.norms[0] for row in own]
        right.plot(depths, firsts, "o-", color=color, label=name)
    _finish(left, "Gradient norm by layer", "layer, counted from the input")
    _finish(right, "Gradient norm of the first layer by depth", "hidden layers")
    legend(right, "best")
    return figure


def _finish(axes: Axes, heading: str, across: str) -> None:
    axes.set_yscale("log")
    finish(axes, heading, across=across)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
