"""The loss by step of several training runs, one line each."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from handgrad.inspection.figures.charts import chart, finish, legend
from handgrad.inspection.figures.style import BLUE, INK, MUTED, ORANGE, PALE

COLORS = (PALE, ORANGE, BLUE, INK, MUTED)
WIDTHS = (4.0, 1.2, 1.2, 1.2, 1.2)  # the first line is drawn below the others


def loss_by_step(losses: Mapping[str, Sequence[float]]) -> Figure:
    """Draw one line per run; lines that coincide differ in width."""
    figure, axes = chart(7.2, 3.6)
    for (name, values), color, width in zip(
        losses.items(), COLORS, WIDTHS, strict=False
    ):
        steps = range(1, len(values) + 1)
        axes.plot(steps, values, color=color, linewidth=width, label=name)
    finish(axes, "Loss by step", across="step")
    legend(axes, "best")
    return figure
