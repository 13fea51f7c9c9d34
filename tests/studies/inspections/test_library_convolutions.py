import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection import LayerValue, by_projection
from handgrad.layers import Conv2d
from handgrad.randomness import Key, normal
from handgrad.studies.inspections import inspect
from handgrad.studies.inspections.library_convolutions import LibraryConv2d

KEY = Key(0)


@pytest.mark.parametrize("padding", [0, 1, (2, 0)])
def test_the_library_computes_what_the_layer_computes(padding):
    ours = Conv2d(2, 3, (3, 2), padding=padding, key=KEY)
    theirs = LibraryConv2d(ours)
    inputs = normal(KEY.child("inputs"), (4, 2, 6, 5))
    outputs, cache = theirs.forward(inputs)
    right, right_cache = ours.forward(inputs)
    np.testing.assert_allclose(outputs, right, rtol=1e-10, atol=1e-12)
    assert theirs.output_shape((2, 6, 5)) == outputs.shape[1:]
    d_outputs = normal(KEY.child("d_outputs"), outputs.shape)
    d_inputs, gradients = theirs.backward(d_outputs, cache)
    right_d, right_gradients = ours.backward(d_outputs, right_cache)
    np.testing.assert_allclose(d_inputs, right_d, rtol=1e-10, atol=1e-12)
    for name, gradient in right_gradients.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-12)
    found = by_projection(LayerValue(theirs, inputs, key=KEY), key=KEY)
    assert found.passed


def test_a_stride_is_refused():
    with pytest.raises(ConfigError, match="stride of 1"):
        LibraryConv2d(Conv2d(1, 1, 3, stride=2, key=KEY))


def test_both_train_the_same_network():
    options = {"train_images": 40, "test_images": 20, "epochs": 1, "batch_size": 20}
    found = inspect("library_convolutions", options, seed=0)
    assert found["steps"] == 2
    assert found["first_error"] < 1e-6
    assert found["largest_error"] < 1e-4
    assert found["library_accuracy"] == found["ours_accuracy"]
