"""The fraction of saturated units by layer."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from handgrad.inspection.figures.charts import (
    COLORS,
    bar_values,
    chart,
    finish,
    legend,
)
from handgrad.inspection.figures.style import BLUE
from handgrad.inspection.saturation import SaturationRow, ScaleRow


def saturation(rows: Sequence[SaturationRow], bound: float) -> Figure:
    """One bar per activation layer of a network."""
    figure, axes = chart(max(5.6, 1.1 * len(rows) + 1), 3.6)
    bars = axes.bar(range(len(rows)), [row.share for row in rows], 0.5, color=BLUE)
    bar_values(axes, bars, "{:.1%}")
    axes.set_xticks(range(len(rows)), [row.layer for row in rows])
    _finish(axes, bound)
    return figure


def saturation_by_scale(rows: Sequence[ScaleRow], bound: float) -> Figure:
    """One line per layer, against the scale of the initial weights."""
    figure, axes = chart(7.2, 4.0)
    scales = [row.scale for row in rows]
    for place, layer in enumerate(rows[0].layers):
        shares = [row.layers[place].share for row in rows]
        color = COLORS[place % len(COLORS)]
        axes.plot(scales, shares, "o-", color=color, label=layer.layer)
    axes.set_xscale("log")
    axes.set_xticks(scales, [f"{scale:g}" for scale in scales])
    axes.minorticks_off()
    _finish(axes, bound, "standard deviation of the initial weights")
    legend(axes, "upper left")
    return figure


def _finish(axes: Axes, bound: float, across: str = "") -> None:
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    note = f"fraction of (example, unit) pairs with |slope| < {bound:g}"
    finish(axes, "Saturated units", note, across=across)
