import numpy as np
import pytest
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.layers.hardsigmoid import Hardsigmoid

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = Hardsigmoid()


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_equals_the_definition_and_autograd(inputs):
    functions = definition.hardsigmoid, definition.hardsigmoid_slope
    assert_is_defined_by(LAYER, *functions, inputs, 1 / 6, 0.5)
    torch_function = torch.nn.functional.hardsigmoid  # its 1/6 is a float32
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch_function(x), 1e-7)


@settings(max_examples=10)
@given(inputs=batches_of_values(-2.9, 2.9))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@settings(max_examples=20)
@given(inputs=batches_of_values(-2.9, 2.9))
def test_float32_stays_within_rounding(inputs):
    """The slope, a product and a sum: two eps of numbers of at most 1."""
    assert_float32_within(LAYER, inputs, lambda x: 2 + 0 * x, lambda x: 1 + 0 * x)


@settings(max_examples=5)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER, d_inputs_too=False)


def test_another_line():
    layer = Hardsigmoid(0.25, 0.4)
    outputs, cache = layer.forward(np.array([[-2.0, 0.0, 2.0, 4.0]]))
    np.testing.assert_allclose(outputs, [[0, 0.4, 0.9, 1]])
    d_inputs, _ = layer.backward(np.ones_like(outputs), cache)
    np.testing.assert_array_equal(d_inputs, [[0, 0.25, 0.25, 0]])
    assert repr(layer) == "Hardsigmoid(slope=0.25, offset=0.4)"


def test_a_negative_slope_is_refused():
    with pytest.raises(ConfigError, match="Hardsigmoid takes slope of at least 0"):
        Hardsigmoid(-1)
    assert list(Sequential([Hardsigmoid()]).layers) == ["hardsigmoid_1"]
