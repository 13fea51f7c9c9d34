import numpy as np
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers.tanh import Tanh

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = Tanh()


@given(inputs=batches_of_values())
def test_equals_the_definition(inputs):
    assert_is_defined_by(LAYER, definition.tanh, definition.tanh_slope, inputs)


@given(inputs=batches_of_values())
def test_equals_autograd(inputs):
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.tanh(x))


@settings(max_examples=20)
@given(inputs=batches_of_values(-2, 2))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@given(inputs=batches_of_values())
def test_float32_stays_within_rounding(inputs):
    """tanh has an error of 4 eps, 1 - tanh ** 2 of 2 * 4 + 1, then the product."""
    bounds = (lambda x: 4 * abs(np.tanh(x))), (lambda x: 10)
    assert_float32_within(LAYER, inputs, *bounds)


@settings(max_examples=15)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER)


@given(inputs=batches_of_values())
def test_is_odd_and_bounded(inputs):
    outputs, _ = LAYER.forward(inputs)
    np.testing.assert_array_equal(LAYER.forward(-inputs)[0], -outputs)
    assert np.all(abs(outputs) <= 1)


def test_large_values_saturate_and_have_no_gradient():
    outputs, cache = LAYER.forward(np.array([[-np.inf, -1e30, 1e30, np.inf]]))
    np.testing.assert_array_equal(outputs, [[-1.0, -1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(LAYER.backward(np.ones((1, 4)), cache)[0], 0)


def test_repr():
    assert repr(LAYER) == "Tanh()"
