"""Curves of overflow and underflow of softmax in float32."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import finish, legend
from handgrad.inspection.figures.style import BLUE, ORANGE, PALE, new_figure
from handgrad.inspection.softmax_numerics import SoftmaxNumerics, SoftmaxRow

REACH = 1e40  # beyond the range of float32


def softmax_numerics(found: SoftmaxNumerics) -> Figure:
    """Denominators by level of the logits; log-probabilities by gap between logits."""
    figure = new_figure(10.4, 4.3)
    left, right = figure.subplots(1, 2)
    _denominators(left, found.level)
    _logarithms(right, found.gap)
    return figure


def _denominators(axes: Axes, rows: Sequence[SoftmaxRow]) -> None:
    levels = np.array([row.logits[0] for row in rows])
    naive = np.array([row.naive_denominator for row in rows])
    works = np.isfinite(naive) & (naive > 0)
    axes.plot(
        levels[works], naive[works], "o-", color=PALE, label="naive", markersize=4
    )
    failed = np.where(naive > 1, REACH, 1 / REACH)[~works]
    axes.plot(
        levels[~works], failed, "x", color=ORANGE, label="naive fails: infinity or 0"
    )
    shifted = [row.shifted_denominator for row in rows]
    axes.plot(levels, shifted, "o-", color=BLUE, label="shifted", markersize=4)
    axes.set_yscale("log")
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xticks([-1e4, -1e2, 0, 1e2, 1e4])
    axes.set_ylim(1e-45, 1e45)
    across = "largest of three neighbouring float32 logits"
    finish(axes, "Softmax denominator", across=across)
    legend(axes, "upper left")


def _logarithms(axes: Axes, rows: Sequence[SoftmaxRow]) -> None:
    gaps = np.array([row.logits[0] - row.logits[-1] for row in rows])
    shifted = np.array([-row.log_shifted for row in rows])
    exact = np.array([-row.log_sum_exp for row in rows])
    there = np.isfinite(shifted)
    axes.plot(gaps, exact, "o-", color=BLUE, label="log-sum-exp", markersize=4)
    axes.plot(
        gaps[there],
        shifted[there],
        "o",
        color=PALE,
        markersize=10,
        fillstyle="none",
        label="logarithm of the shifted softmax",
    )
    axes.plot(
        gaps[~there],
        np.full((~there).sum(), 1e6),
        "x",
        color=ORANGE,
        label="infinite: the probability is 0",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    heading = "Negative log-probability of the smaller of two logits"
    finish(axes, heading, across="gap between the two logits")
    legend(axes, "lower right")
