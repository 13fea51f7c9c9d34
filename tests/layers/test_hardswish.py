import numpy as np
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers import Sequential
from handgrad.layers.hardswish import Hardswish

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = Hardswish()


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_equals_the_definition_and_autograd(inputs):
    functions = definition.hardswish, definition.hardswish_slope
    assert_is_defined_by(LAYER, *functions, inputs)
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.nn.functional.hardswish(x))


@settings(max_examples=10)
@given(inputs=batches_of_values(-2.9, 2.9))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@settings(max_examples=20)
@given(inputs=batches_of_values(-2.9, 2.9))
def test_float32_stays_within_rounding(inputs):
    """A sum, a quotient and a product, of factors that are at most 1 and |x|."""
    assert_float32_within(LAYER, inputs, lambda x: 3 * abs(x), lambda x: 4 + 0 * x)


@settings(max_examples=5)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER)


def test_known_values():
    outputs, cache = LAYER.forward(np.array([[-3.0, -1.5, 0.0, 3.0]]))
    np.testing.assert_allclose(outputs, [[0, -0.375, 0, 3]])
    d_inputs, _ = LAYER.backward(np.ones_like(outputs), cache)
    np.testing.assert_allclose(d_inputs, [[0, 0, 0.5, 1]])


def test_large_values_are_passed_and_large_negative_values_are_not():
    inputs = np.array([[-1e18, 1e18]], dtype=np.float32)
    outputs, _ = LAYER.forward(inputs)
    np.testing.assert_array_equal(outputs, [[0, inputs[0, 1]]])


def test_repr():
    assert repr(LAYER) == "Hardswish()"
    assert list(Sequential([Hardswish()]).layers) == ["hardswish_1"]
