"""Activation functions and their derivatives, one panel each."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.inspection.activation_functions import ActivationCurve
from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    ORANGE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

COLUMNS = 3


def activation_functions(curves: Sequence[ActivationCurve]) -> Figure:
    """One panel per activation: the value in blue, its derivative in orange."""
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(max(3.5 * columns, 5.2), 2.9 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, curve in zip(panels, curves, strict=False):
        axes.plot(curve.inputs, curve.outputs, color=BLUE, linewidth=2, label="value")
        axes.plot(
            curve.inputs, curve.gradients, color=ORANGE, linewidth=2, label="derivative"
        )
        slope, place = curve.steepest
        quiet(axes, grid=True)
        title(axes, curve.name, f"max slope {slope:.3g}, first at {place:.3g}")
        axes.set_ylim(-1.5, max(1.5, min(3.0, float(curve.outputs.max()))))
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside lower center",
        ncols=2,
        frameon=False,
        labelcolor=INK,
        fontsize=TEXT_SIZE,
    )
    return figure
