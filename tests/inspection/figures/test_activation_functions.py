import numpy as np

from handgrad.inspection.activation_functions import activation_functions as measure
from handgrad.inspection.figures.activation_functions import activation_functions


def test_each_activation_has_a_panel_with_value_and_derivative():
    curves = measure(["sigmoid", "tanh", "relu", "gelu"])
    figure = activation_functions(curves)
    for axes, curve in zip(figure.axes, curves, strict=False):
        value, gradient = axes.lines
        np.testing.assert_array_equal(value.get_ydata(), curve.outputs)
        np.testing.assert_array_equal(gradient.get_ydata(), curve.gradients)
    assert [axes.axison for axes in figure.axes] == [True] * 4 + [False] * 2


def test_a_single_activation_is_drawn():
    assert len(activation_functions(measure(["relu"])).axes) == 1
