"""The fraction of saturated units by layer."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    PALE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.saturation import SaturationRow, ScaleRow

COLORS = (BLUE, ORANGE, PALE, INK, MUTED)


def saturation(rows: Sequence[SaturationRow], bound: float) -> Figure:
    """One bar per activation layer of a network."""
    figure = new_figure(max(5.6, 1.1 * len(rows) + 1), 3.6)
    axes = figure.add_subplot()
    bars = axes.bar(range(len(rows)), [row.share for row in rows], 0.5, color=BLUE)
    axes.bar_label(bars, fmt="{:.1%}", color=INK, fontsize=TEXT_SIZE, padding=2)
    axes.set_xticks(range(len(rows)), [row.layer for row in rows])
    _finish(axes, bound)
    return figure


def saturation_by_scale(rows: Sequence[ScaleRow], bound: float) -> Figure:
    """One line per layer, against the scale of the initial weights."""
    figure = new_figure(7.2, 4.0)
    axes = figure.add_subplot()
    scales = [row.scale for row in rows]
    for place, layer in enumerate(rows[0].layers):
        shares = [row.layers[place].share for row in rows]
        color = COLORS[place % len(COLORS)]
        axes.plot(scales, shares, "o-", color=color, label=layer.layer)
    axes.set_xscale("log")
    axes.set_xticks(scales, [f"{scale:g}" for scale in scales])
    axes.minorticks_off()
    axes.set_xlabel(
        "standard deviation of the initial weights", color=MUTED, fontsize=TEXT_SIZE
    )
    _finish(axes, bound)
    axes.legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=TEXT_SIZE)
    return figure


def _finish(axes: Axes, bound: float) -> None:
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    quiet(axes, grid=True)
    note = f"fraction of (example, unit) pairs with |slope| < {bound:g}"
    title(axes, "Saturated units", note)
