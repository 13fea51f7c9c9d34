"""The loss against the learning rate."""

from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import (
    chart,
    finish,
    legend,
    vertical,
    vertical_note,
)
from handgrad.inspection.figures.style import BLUE, PALE
from handgrad.inspection.learning_rate_finder import Sweep


def learning_rate_finder(sweep: Sweep) -> Figure:
    """Batch losses, losses on a fixed sample, and the suggestion as a dotted line."""
    figure, axes = chart(7.6, 4.2)
    axes.plot(sweep.rates, sweep.losses, color=PALE, linewidth=1, label="batch")
    seen = sweep.seen_losses
    axes.plot(sweep.seen_rates, seen, color=BLUE, linewidth=2, label="fixed sample")
    axes.set_xscale("log")
    if len(seen):
        lowest, highest = seen.min(), seen.max()
        room = max(0.25 * (highest - lowest), 1e-3)
        axes.set_ylim(lowest - room, highest + room)
    if sweep.suggestion is not None:
        vertical(axes, sweep.suggestion)
        vertical_note(axes, sweep.suggestion, f"suggested: {sweep.suggestion:.2g}")
    heading = "Learning-rate range test"
    finish(axes, heading, sweep.ended, across="learning rate", up="loss")
    if len(sweep.losses):
        legend(axes, "upper left")
    return figure
