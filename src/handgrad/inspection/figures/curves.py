"""Loss and accuracy by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

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


def curves(loss: Curve, accuracy: Curve, *, best_epoch: int | None = None) -> Figure:
    """Draw both metrics, training and validation, with the best epoch marked.

    Units
        accuracy    fractions from 0 to 1
        best_epoch  counted from 1
    """
    figure = new_figure(9.6, 3.9)
    left, right = figure.subplots(1, 2)
    _panel(left, "Loss", loss, best_epoch)
    _panel(right, "Accuracy", accuracy, best_epoch)
    right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    _legend(figure, len(loss.validation) > 0)
    if best_epoch is not None:
        _say_best(right, accuracy, best_epoch)
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
    quiet(axes, grid=True)
    title(axes, name)
    axes.set_xlabel("epoch", color=MUTED, fontsize=TEXT_SIZE)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.04, y=0.1)
    if len(curve.training) == 1:
        axes.set_xlim(0.5, 1.5)
    if best_epoch is not None:
        axes.axvline(best_epoch, color=ORANGE, linewidth=1, linestyle=(0, (2, 3)))
        value = curve.judged[best_epoch - 1]
        axes.plot(best_epoch, value, "o", color=ORANGE, markersize=8)


def _legend(figure: Figure, has_validation: bool) -> None:
    """Draw one legend for both panels."""
    names = [("training", PALE)] + [("validation", BLUE)] * has_validation
    handles = [figure.axes[0].lines[index] for index in range(len(names))]
    figure.legend(
        handles,
        [name for name, _ in names],
        loc="outside upper right",
        ncols=2,
        frameon=False,
        labelcolor=INK,
        fontsize=TEXT_SIZE,
    )


def _say_best(axes: Axes, accuracy: Curve, best_epoch: int) -> None:
    """Write the best epoch's accuracy at the bottom of its line, below the curves."""
    value = accuracy.judged[best_epoch - 1]
    on_left = best_epoch > len(accuracy.training) / 2
    axes.annotate(
        f"best: epoch {best_epoch}, {value:.1%}",
        xy=(best_epoch, 0),
        xycoords=axes.get_xaxis_transform(),  # x: epoch, y: fraction of the height
        xytext=(-6 if on_left else 6, 8),
        textcoords="offset points",
        ha="right" if on_left else "left",
        color=ORANGE,
        fontsize=TEXT_SIZE,
    )
