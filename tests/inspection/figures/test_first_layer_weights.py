from itertools import combinations

import numpy as np
import pytest

from handgrad.errors import ShapeError
from handgrad.inspection.figures import first_layer_weights


def test_zero_is_white_and_colours_show_the_sign():
    weight = np.zeros((2, 1, 2, 2))
    weight[0, 0, 0, 0], weight[1, 0, 1, 1] = 1.0, -1.0
    first, second = (
        image.get_array()
        for image in first_layer_weights(weight, (1, 8, 8)).axes[0].images
    )
    np.testing.assert_allclose(first[0, 1], 1.0, atol=0.01)
    assert first[0, 0, 2] > first[0, 0, 0]  # positive: blue
    assert second[1, 1, 0] > second[1, 1, 2]  # negative: orange


def test_hidden_units_are_drawn_as_images_with_names():
    weight = np.arange(2 * 12, dtype=float).reshape(2, 12)
    figure = first_layer_weights(weight, (1, 3, 4), names=["cat", "dog"])
    assert [image.get_array().shape[:2] for image in figure.axes[0].images] == [
        (3, 4),
        (3, 4),
    ]
    words = [text.get_text() for text in figure.axes[0].texts]
    assert {"cat", "dog"} <= set(words)


def test_long_names_do_not_cover_their_neighbours():
    names = [f"Dangerous curve to the left {n}" for n in range(43)]
    figure = first_layer_weights(np.ones((43, 64)), (1, 8, 8), names=names)
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if "curve" in text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) == 43
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    for image in figure.axes[0].images:
        assert not any(box.overlaps(image.get_window_extent()) for box in boxes)


def test_three_channels_are_a_colour_image_with_grey_zero():
    weight = np.zeros((1, 3, 2, 2))
    weight[0, 0, 0, 0] = 2.0
    (image,) = first_layer_weights(weight, (3, 8, 8)).axes[0].images
    np.testing.assert_allclose(image.get_array()[0, 0], [1.0, 0.5, 0.5])


def test_only_the_first_of_many_units_are_drawn_and_the_note_says_so():
    figure = first_layer_weights(np.ones((100, 4)), (1, 2, 2))
    assert len(figure.axes[0].images) == 64
    assert any("64 of 100 units" in text.get_text() for text in figure.axes[0].texts)


def test_weights_of_another_shape_than_the_image_are_refused():
    with pytest.raises(
        ShapeError, match=r"images of shape \(1, 8, 8\), got .*\(5, 10\)"
    ):
        first_layer_weights(np.ones((5, 10)), (1, 8, 8))
