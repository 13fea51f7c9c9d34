import numpy as np
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers import Sequential
from handgrad.layers.relu6 import ReLU6

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = ReLU6()


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_equals_the_definition_and_autograd(inputs):
    functions = definition.relu6, definition.relu6_slope
    assert_is_defined_by(LAYER, *functions, inputs)
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.nn.functional.relu6(x * 1))


@settings(max_examples=10)
@given(inputs=batches_of_values(0.1, 5.9))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@settings(max_examples=20)
@given(inputs=batches_of_values(0.1, 5.9))
def test_float32_stays_within_rounding(inputs):
    """Nothing is rounded."""
    assert_float32_within(LAYER, inputs, lambda x: 0 * x, lambda x: 0 * x)


@settings(max_examples=5)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER, d_inputs_too=False)


def test_known_values_and_the_kinks():
    inputs = np.array([[-1e30, -1.0, 0.0, 2.5, 6.0, 7.0, 1e30]])
    outputs, cache = LAYER.forward(inputs)
    np.testing.assert_array_equal(outputs, [[0, 0, 0, 2.5, 6, 6, 6]])
    d_inputs, _ = LAYER.backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(d_inputs, [[0, 0, 0, 1, 0, 0, 0]])


def test_repr():
    assert repr(LAYER) == "ReLU6()"
    assert list(Sequential([ReLU6()]).layers) == ["relu6_1"]
