"""The reliability diagram of a network."""

from typing import TYPE_CHECKING

import numpy as np
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

if TYPE_CHECKING:
    from handgrad.inspection.reliability import Reliability


def reliability_diagram(found: "Reliability") -> Figure:
    """Accuracy by confidence above the number of images of each bin.

    A bar that ends below its orange line is overconfident, one above underconfident.
    """
    figure = new_figure(5.4, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    starts, width = found.edges[:-1], np.diff(found.edges)
    shares = np.nan_to_num(found.accuracies)
    upper.bar(starts, shares, 0.92 * width, align="edge", color=BLUE)
    used = found.counts > 0
    upper.hlines(
        found.confidences[used],
        starts[used],
        starts[used] + 0.92 * width[used],
        color=ORANGE,
        linewidth=3,
    )
    upper.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 3)))
    lower.bar(starts, found.counts, 0.92 * width, align="edge", color=PALE)
    for axes, label in ((upper, "accuracy"), (lower, "images")):
        quiet(axes, grid=True)
        axes.set_ylabel(label, color=MUTED, fontsize=TEXT_SIZE)
    upper.set_ylim(0, 1)
    upper.set_xlim(0, 1)
    lower.set_xlabel("confidence", color=MUTED, fontsize=TEXT_SIZE)
    split = f"{found.split} images, " if found.split else ""
    title(
        upper,
        "Reliability",
        f"{split}expected calibration error {found.expected_calibration_error:.1%} "
        "(orange: mean confidence)",
    )
    return figure
