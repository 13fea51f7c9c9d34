import numpy as np
import pytest
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers.sigmoid import Sigmoid
from handgrad.layers.tanh import Tanh

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
    close,
)

LAYER = Sigmoid()


@given(inputs=batches_of_values())
def test_equals_the_definition(inputs):
    assert_is_defined_by(LAYER, definition.sigmoid, definition.sigmoid_slope, inputs)


@given(inputs=batches_of_values())
def test_equals_autograd(inputs):
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.sigmoid(x))


@settings(max_examples=20)
@given(inputs=batches_of_values(-3, 3))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@given(inputs=batches_of_values(-80, 80))
def test_float32_stays_within_rounding(inputs):
    """exp has a relative error of 4 eps, the sum and the quotient half an eps each.

    So outputs have a relative error of 5 eps; 1 - outputs has 5 eps of outputs and one
    half; the products add another half each.
    """

    def size(x):
        return np.exp(np.minimum(x, 0))  # the output, and at most its double

    assert_float32_within(LAYER, inputs, lambda x: 5 * size(x), lambda x: 12 * size(x))


@settings(max_examples=15)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_values_neither_warn_nor_have_a_gradient(dtype):
    inputs = np.array([[-np.inf, -1e30, -1000, 1000, 1e30, np.inf]], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        outputs, cache = LAYER.forward(inputs)
        d_inputs, _ = LAYER.backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(outputs, [[0, 0, 0, 1, 1, 1]])
    np.testing.assert_array_equal(d_inputs, 0)


def test_for_large_negative_values_it_is_the_exponential():
    inputs = np.array([[-50.0, -300.0, -700.0]])
    np.testing.assert_allclose(LAYER.forward(inputs)[0], np.exp(inputs), rtol=1e-14)


@given(inputs=batches_of_values())
def test_laws(inputs):
    """f(x) + f(-x) = 1, and 2 f(x) - 1 = tanh(x / 2)."""
    outputs, _ = LAYER.forward(inputs)
    close(outputs + LAYER.forward(-inputs)[0], np.ones_like(inputs), 1e-15)
    close(2 * outputs - 1, Tanh().forward(inputs / 2)[0], 1e-15)


def test_repr():
    assert repr(LAYER) == "Sigmoid()"
