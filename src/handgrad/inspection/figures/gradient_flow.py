"""Gradient norms by layer and by depth."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from handgrad.inspection.figures.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PALE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.gradient_flow import DepthRow, FlowRow

COLORS = (ORANGE, BLUE, PALE, INK, MUTED)
SHADES = 0.3  # lower limit of the opacity; the deepest network is opaque


def gradient_flow(rows: Sequence[FlowRow]) -> Figure:
    """One bar per layer, first layer on top, on a logarithmic scale."""
    figure = new_figure(7.6, 1.3 + 0.36 * len(rows))
    axes = figure.add_subplot()
    norms = [row.gradient_norm for row in rows]
    bars = axes.barh(range(len(rows)), norms, 0.6, color=BLUE)
    axes.bar_label(bars, fmt="{:.2e}", color=INK, fontsize=TEXT_SIZE, padding=3)
    axes.set_yticks(range(len(rows)), [row.layer for row in rows])
    axes.invert_yaxis()
    if min(norms) > 0:
        axes.set_xscale("log")
        axes.set_xlim(min(norms) / 4, max(norms) * 8)
    quiet(axes)
    axes.grid(axis="x", color=GRID)
    title(axes, "Gradient norm by layer", "first layer on top; one batch, float64")
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
    right.legend(frameon=False, labelcolor=INK, fontsize=TEXT_SIZE)
    return figure


def _finish(axes: Axes, text: str, across: str) -> None:
    axes.set_yscale("log")
    quiet(axes, grid=True)
    title(axes, text)
    axes.set_xlabel(across, color=MUTED, fontsize=TEXT_SIZE)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
