import numpy as np

from handgrad.inspection import trace
from handgrad.inspection.figures.trace import (
    as_maps,
    is_drawn,
    step_figure,
    trace_figure,
)
from handgrad.layers import Conv2d, Flatten, Linear, ReLU, Residual, Sequential
from handgrad.randomness import Key, normal

MODEL = Sequential(
    [Conv2d(1, 9, 3), ReLU(), Residual(ReLU()), Flatten(), Linear(36, 3)]
)
FOUND = trace(MODEL, normal(Key(1), (1, 4, 4)), 2)


def labels(figure):
    (axes,) = figure.axes
    return [label.get_text() for label in axes.get_yticklabels()]


def test_layers_have_a_row_with_outputs_left_and_gradients_right():
    figure = trace_figure(FOUND)
    assert labels(figure) == [
        "conv2d_1\n9 x 2 x 2", "relu_1\n9 x 2 x 2",
        "residual_1.body\n9 x 2 x 2", "linear_1\n3",
    ]  # fmt: skip
    images = figure.axes[0].images
    logits, d_logits = FOUND["linear_1"].outputs[0], FOUND["linear_1"].d_outputs[0]
    last = images[3 * 21 :]
    for place, number in ((0, logits[0]), (11, d_logits[0]), (13, d_logits[2])):
        colour = last[place].get_array()[0, 0]
        assert (colour[2] > colour[0]) == (number > 0)
    np.testing.assert_allclose(last[10].get_array(), 1.0)
    assert (last[3].get_array() < 1).all()


def test_every_array_of_a_step_has_a_row():
    assert labels(step_figure(FOUND["conv2d_1"])) == [
        "inputs\n1 x 1 x 4 x 4", "weight\n9 x 1 x 3 x 3", "bias\n9",
        "outputs\n1 x 9 x 2 x 2", "d_outputs\n1 x 9 x 2 x 2",
        "d_weight\n9 x 1 x 3 x 3", "d_bias\n9", "d_inputs\n1 x 1 x 4 x 4",
    ]  # fmt: skip
    assert "d_logits\n1 x 3" in labels(step_figure(FOUND.loss))


def test_a_step_says_that_only_its_first_maps_are_drawn():
    for name, cut in (("conv2d_1", False), ("linear_1", True)):
        (axes,) = step_figure(FOUND[name]).axes
        words = [text.get_text() for text in axes.texts]
        assert any(word.startswith("first 16 of each") for word in words) == cut


def test_arrays_become_maps_or_features():
    assert as_maps(np.zeros((2, 3, 4, 5))).shape == (6, 4, 5)
    assert as_maps(np.zeros((3, 4))).shape == (1, 3, 4)
    assert as_maps(np.zeros((1, 4))).shape == as_maps(np.zeros(4)).shape == (4,)
    assert [is_drawn(value) for value in (np.ones(2), np.ones(0), True, None)] == [
        True, False, False, False,
    ]  # fmt: skip
