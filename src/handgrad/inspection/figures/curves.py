"""Loss and accuracy by epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from handgrad.inspection.figures.charts import finish, legend, vertical, vertical_note
from handgrad.inspection.figures.style import BLUE, ORANGE, PALE, new_figure

FEW = 15  # most epochs with a marker at every point


@dataclass(frozen=True)
class Curve:
    """One metric after each epoch; `validation` is empty if there is none."""

    training: Sequence[float]
    validation: Sequence[float] = ()

    @property
    def judged(self) -> Sequence[float]:
        """The values that select the best epoch: validation if there is any."""
        return self.validation if len(self.validation) else self.training


def metric_curves(epochs: Sequence[Mapping[str, Any]]) -> tuple[Curve, Curve]:
    """The loss and the accuracy after each epoch, from the records of the epochs."""

    def curve(name: str) -> Curve:
        validation = [epoch[f"validation_{name}"] for epoch in epochs]
        known = [value for value in validation if value is not None]
        return Curve([epoch[f"train_{name}"] for epoch in epochs], known)

    return curve("loss"), curve("accuracy")


def curves(loss: Curve, accuracy: Curve, *, best_epoch: int | None = None) -> Figure:
    """Draw both metrics, training and validation, with the best epoch marked.

    Before the end of the first epoch the axes are empty and say so.

    Units
        accuracy    fractions from 0 to 1
        best_epoch  counted from 1
    """
    figure = new_figure(9.6, 3.9)
    left, right = figure.subplots(1, 2)
    _panel(left, "Loss", loss, best_epoch)
    _panel(right, "Accuracy", accuracy, best_epoch)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    names = ["training", "validation"][: 1 + bool(len(loss.validation))]
    handles = left.lines[: len(names)]
    legend(figure, "outside upper right", handles=handles, labels=names, ncols=2)
    if best_epoch is not None:
        value = accuracy.judged[best_epoch - 1]
        text = f"best: epoch {best_epoch}, {value:.1%}"
        on_left = best_epoch > len(accuracy.training) / 2
        vertical_note(right, best_epoch, text, on_left=on_left)
    return figure


def _panel(axes: Axes, name: str, curve: Curve, best_epoch: int | None) -> None:
    for values, color in ((curve.training, PALE), (curve.validation, BLUE)):
        axes.plot(
            range(1, len(values) + 1),
            values,
            color=color,
            linewidth=2,
            marker="o" if len(values) <= FEW else "",
            markersize=4,
            solid_capstyle="round",
        )
    finish(axes, name, across="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.04, y=0.1)
    if len(curve.training) <= 1:
        axes.set_xlim(0.5, 1.5)
    if not len(curve.training):
        at, text = axes.transAxes, "no epoch has ended"
        axes.text(0.5, 0.5, text, transform=at, ha="center", va="center")
    if best_epoch is not None:
        vertical(axes, best_epoch)
        value = curve.judged[best_epoch - 1]
        axes.plot(best_epoch, value, "o", color=ORANGE, markersize=8)
