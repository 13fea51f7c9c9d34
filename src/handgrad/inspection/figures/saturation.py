"""The fraction of saturated units by layer."""

from collections.abc import Sequence

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
    """One bar per activation layer of a network, first layer on top."""
    figure, axes = chart(7.6, 1.3 + 0.36 * len(rows))
    bars = axes.barh(range(len(rows)), [row.share for row in rows], 0.6, color=BLUE)
    bar_values(axes, bars, "{:.1%}", 3)
    axes.set_yticks(range(len(rows)), [row.layer for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12)  # room for the values
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    finish(axes, "Saturated units", _note(bound), grid="x")
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
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    across = "standard deviation of the initial weights"
    finish(axes, "Saturated units", _note(bound), across=across)
    legend(axes, "upper left")
    return figure


def _note(bound: float) -> str:
    return f"fraction of (example, unit) pairs with |slope| < {bound:g}"
