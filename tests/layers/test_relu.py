import numpy as np
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers.relu import ReLU

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = ReLU()


@given(inputs=batches_of_values())
def test_equals_the_definition(inputs):
    inputs.flat[0] = 0.0
    assert_is_defined_by(LAYER, definition.relu, definition.relu_slope, inputs)


@given(inputs=batches_of_values())
def test_equals_autograd(inputs):
    inputs.flat[0] = 0.0
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.nn.functional.relu(x))


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_gradient_by_random_projection(inputs):
    inputs += 0.01 * np.sign(inputs)  # away from the kink
    assert_slope(LAYER, inputs)


@given(inputs=batches_of_values())
def test_float32_is_exact(inputs):
    assert_float32_within(LAYER, inputs, lambda x: 0, lambda x: 0)


@settings(max_examples=15)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan_and_has_no_gradient_where_inactive():
    assert_nan_stays_where_it_is(LAYER, d_inputs_too=False)
    outputs, cache = LAYER.forward(np.array([[-1.0, 2.0, -np.inf, np.inf]]))
    np.testing.assert_array_equal(outputs, [[0.0, 2.0, 0.0, np.inf]])
    d_inputs, _ = LAYER.backward(np.array([[np.nan, 5.0, np.inf, 7.0]]), cache)
    np.testing.assert_array_equal(d_inputs, [[0.0, 5.0, 0.0, 7.0]])


def test_a_nan_output_has_no_gradient():
    """By the equation of `d_inputs`: NaN > 0 is false."""
    _, cache = LAYER.forward(np.array([[np.nan, 1.0]]))
    d_inputs, _ = LAYER.backward(np.array([[3.0, 5.0]]), cache)
    np.testing.assert_array_equal(d_inputs, [[0.0, 5.0]])


@given(inputs=batches_of_values())
def test_is_idempotent(inputs):
    once, _ = LAYER.forward(inputs)
    np.testing.assert_array_equal(LAYER.forward(once)[0], once)


def test_repr():
    assert repr(LAYER) == "ReLU()"
