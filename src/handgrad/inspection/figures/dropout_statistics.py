"""Bar charts of the zeros and the means of dropout."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from handgrad.inspection.dropout_statistics import DropoutRow
from handgrad.inspection.figures.charts import bar_values, finish, legend
from handgrad.inspection.figures.style import BLUE, ORANGE, PALE, new_figure

WIDTH = 0.36


def dropout_statistics(rows: Sequence[DropoutRow]) -> Figure:
    """Bar charts of the fraction of zeros, and of the means in both modes."""
    figure = new_figure(9.0, 3.6)
    left, right = figure.subplots(1, 2)
    places = np.arange(len(rows))
    zeros = left.bar(places, [row.train_zero for row in rows], 0.5, color=ORANGE)
    bar_values(left, zeros, "{:.2%}")
    left.set_ylim(0, 1)
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    for shift, color, values, name in (
        (-WIDTH / 2, PALE, [row.train_mean for row in rows], "training"),
        (WIDTH / 2, BLUE, [row.test_mean for row in rows], "prediction"),
    ):
        bars = right.bar(places + shift, values, WIDTH, color=color, label=name)
        bar_values(right, bars, "{:.3f}")
    right.margins(y=0.25)
    legend(right, "upper right", ncols=2)
    for axes, heading, note in (
        (left, "Fraction of zeros in training", "none in prediction"),
        (right, "Mean of the outputs", f"mean of the inputs {rows[0].input_mean:.3f}"),
    ):
        axes.set_xticks(places, [f"{row.kept:g}" for row in rows])
        finish(axes, heading, note, across="fraction kept")
    return figure
