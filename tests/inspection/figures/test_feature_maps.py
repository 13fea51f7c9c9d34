import numpy as np
import pytest

from handgrad.inspection.feature_maps import FeatureMap
from handgrad.inspection.figures.feature_maps import feature_maps

IMAGE = np.full((1, 5, 4), 255, dtype=np.uint8)


def test_each_layer_except_flatten_has_a_row():
    maps = [
        FeatureMap("conv2d_1", "Conv2d", np.zeros((20, 3, 3))),
        FeatureMap("flatten_1", "Flatten", np.zeros(180)),
        FeatureMap("linear_1", "Linear", np.array([2.0, -2.0, 0.0])),
    ]
    axes = feature_maps(IMAGE, maps).axes[0]
    assert len(axes.images) == 3 * 16
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["image", "conv2d_1\n20 x 3 x 3", "linear_1\n3"]
    np.testing.assert_array_equal(axes.images[0].get_array(), 1.0)


@pytest.mark.parametrize(("features", "cut"), [(16, False), (43, True)])
def test_the_note_says_that_only_the_first_are_drawn(features, cut):
    maps = [FeatureMap("linear_1", "Linear", np.ones(features))]
    words = [text.get_text() for text in feature_maps(IMAGE, maps).axes[0].texts]
    assert any(word.startswith("first 16 of each; ") for word in words) == cut


def test_colours_show_the_sign_and_zero_is_white():
    maps = [FeatureMap("linear_1", "Linear", np.array([2.0, -2.0, 0.0]))]
    images = feature_maps(IMAGE, maps).axes[0].images[16:]
    positive, negative, zero = (image.get_array()[0, 0] for image in images[:3])
    assert positive[2] > positive[0]
    assert negative[0] > negative[2]
    np.testing.assert_allclose(zero, 1.0, atol=0.01)
