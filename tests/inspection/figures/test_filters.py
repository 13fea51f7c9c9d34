import numpy as np

from handgrad.inspection.figures.filters import filters
from handgrad.inspection.filters import Filters
from handgrad.inspection.filters import filters as take
from handgrad.models import lenet, softmax_regression

NAMES = ["cat", "dog"]


def words(figure):
    return {text.get_text() for text in figure.axes[0].texts}


def test_units_that_are_classes_have_their_names():
    shape = (1, 4, 4)
    model = softmax_regression(input_shape=shape, classes=2)
    assert set(NAMES) <= words(filters(take(model, shape), class_names=NAMES))


def test_weights_of_vectors_are_a_matrix():
    weight = np.array([[1.0, -2.0, 0.0], [0.5, 0.0, 2.0]])
    found = Filters("linear_1", weight, weight)
    (axes,) = filters(found, class_names=NAMES).axes
    np.testing.assert_array_equal(axes.images[0].get_array(), weight)
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    assert filters(found).axes[0].get_ylabel() == "unit"


def test_kernels_have_no_class_names():
    figure = filters(take(lenet(), (1, 28, 28)), class_names=["x"] * 6)
    assert len(figure.axes[0].images) == 6
    assert "x" not in words(figure)
