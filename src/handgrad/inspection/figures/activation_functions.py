"""Activation functions and their derivatives, one panel each."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.inspection.activation_functions import ActivationCurve
from handgrad.inspection.figures.charts import finish, legend
from handgrad.inspection.figures.style import BLUE, ORANGE, new_figure

COLUMNS = 3


def activation_functions(curves: Sequence[ActivationCurve]) -> Figure:
    """One panel per activation: the value in blue, its derivative in orange."""
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(max(3.5 * columns, 5.2), 2.9 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, curve in zip(panels, curves, strict=False):
        value, slope = curve.outputs, curve.gradients
        axes.plot(curve.inputs, value, color=BLUE, linewidth=2, label="value")
        axes.plot(curve.inputs, slope, color=ORANGE, linewidth=2, label="derivative")
        steepest, place = curve.steepest
        note = f"max slope {steepest:.3g}, first at {place:.3g}"
        finish(axes, curve.name, note)
        axes.set_ylim(-1.5, max(1.5, min(3.0, float(value.max()))))
    for axes in panels[len(curves) :]:
        axes.set_axis_off()
    handles, labels = panels[0].get_legend_handles_labels()
    legend(figure, "outside lower center", handles=handles, labels=labels, ncols=2)
    return figure
