from handgrad.inspection.figures.filters import filters
from handgrad.inspection.filters import filters as take
from handgrad.models import lenet, softmax_regression

NAMES = ["cat", "dog"]


def words(figure):
    return {text.get_text() for text in figure.axes[0].texts}


def test_units_that_are_classes_have_their_names():
    shape = (1, 4, 4)
    model = softmax_regression(input_shape=shape, classes=2)
    assert set(NAMES) <= words(filters(take(model, shape), class_names=NAMES))


def test_kernels_have_none():
    figure = filters(take(lenet(), (1, 28, 28)), class_names=["x"] * 6)
    assert len(figure.axes[0].images) == 6
    assert "x" not in words(figure)
