import numpy as np

from handgrad.inspection.figures.gradient_errors import LEAST, gradient_errors


def test_every_error_has_its_dot_and_its_number():
    figure = gradient_errors({"relu": 2e-10, "tanh": 0.0})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["relu", "tanh"]
    assert [text.get_text() for text in axes.texts[:2]] == ["2.0e-10", "0.0e+00"]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [2e-10, LEAST])
