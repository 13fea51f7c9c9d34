"""The loss against the learning rate."""

from matplotlib.figure import Figure

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
from handgrad.inspection.learning_rate_finder import Sweep


def learning_rate_finder(sweep: Sweep) -> Figure:
    """Batch losses, losses on a fixed sample, and the suggestion as a dotted line."""
    figure = new_figure(7.6, 4.2)
    axes = figure.add_subplot()
    axes.plot(sweep.rates, sweep.losses, color=PALE, linewidth=1, label="batch")
    axes.plot(
        sweep.seen_rates,
        sweep.seen_losses,
        color=BLUE,
        linewidth=2,
        label="fixed sample",
    )
    axes.set_xscale("log")
    quiet(axes, grid=True)
    if len(sweep.seen_losses):
        lowest, highest = sweep.seen_losses.min(), sweep.seen_losses.max()
        room = max(0.25 * (highest - lowest), 1e-3)
        axes.set_ylim(lowest - room, highest + room)
    if sweep.suggestion is not None:
        axes.axvline(sweep.suggestion, color=ORANGE, linewidth=1, linestyle=(0, (2, 3)))
        axes.annotate(
            f"suggested: {sweep.suggestion:.2g}",
            xy=(sweep.suggestion, 0),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-6, 8),
            textcoords="offset points",
            ha="right",
            color=ORANGE,
            fontsize=TEXT_SIZE,
        )
    title(axes, "Learning-rate range test", sweep.ended)
    axes.set_xlabel("learning rate", color=MUTED, fontsize=TEXT_SIZE)
    axes.set_ylabel("loss", color=MUTED, fontsize=TEXT_SIZE)
    if len(sweep.losses):
        axes.legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=TEXT_SIZE)
    return figure
