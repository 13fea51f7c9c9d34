import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection.filters import filters
from handgrad.layers import GlobalAveragePool2d, Linear, Sequential
from handgrad.models import lenet, perceptron
from handgrad.randomness import Key


def test_filters_of_a_convolution_are_its_kernels():
    model = lenet(input_shape=(3, 32, 32))
    found = filters(model, (3, 32, 32))
    assert found.layer == "conv2d_1"
    assert found.pictures.shape == (6, 3, 5, 5)
    np.testing.assert_allclose(found.norms[2], np.linalg.norm(found.weight[2]))


def test_filters_of_a_linear_layer_are_images():
    found = filters(perceptron(hidden=4, input_shape=(1, 3, 5)), (1, 3, 5))
    assert found.pictures.shape == (4, 1, 3, 5)
    np.testing.assert_array_equal(found.pictures[1].ravel(), found.weight[1])


def test_a_first_layer_that_does_not_fit_the_image_is_refused():
    model = Sequential([GlobalAveragePool2d(), Linear(3, 2, key=Key(0))])
    with pytest.raises(ConfigError, match="starts with a convolution"):
        filters(model, (3, 8, 8))


def test_a_classifier_knows_its_image_shape_and_classes(run):
    found = filters(run)
    assert found.pictures.shape == (12, 1, 8, 8)
    assert found.class_names == tuple("0123456789")
    with pytest.raises(ConfigError, match="image_shape="):
        filters(lenet())
