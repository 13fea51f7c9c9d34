import numpy as np
import pytest
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.layers.elu import ELU

from .elementwise import (
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
)

LAYER = ELU(0.7)


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_equals_the_definition_and_autograd(inputs):
    functions = definition.elu, definition.elu_slope
    assert_is_defined_by(LAYER, *functions, inputs, 0.7)
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.nn.functional.elu(x, 0.7))


@settings(max_examples=10)
@given(inputs=batches_of_values())
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@settings(max_examples=20)
@given(inputs=batches_of_values())
def test_float32_stays_within_rounding(inputs):
    """expm1, its factor and a sum: a few eps of numbers of at most 1."""
    assert_float32_within(LAYER, inputs, lambda x: 6 + abs(x), lambda x: 8 + 0 * x)


@settings(max_examples=5)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER)


def test_large_values_do_not_overflow():
    inputs = np.array([[-1e30, -1000, 0, 1000, 1e30]], dtype=np.float32)
    with np.errstate(over="raise", invalid="raise"):
        outputs, cache = ELU().forward(inputs)
        d_inputs, _ = ELU().backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(outputs, [[-1, -1, 0, 1000, inputs[0, 4]]])
    np.testing.assert_array_equal(d_inputs, [[0, 0, 1, 1, 1]])


def test_alpha_is_not_negative():
    with pytest.raises(ConfigError, match="ELU takes alpha of at least 0, got -1"):
        ELU(-1)


def test_repr():
    assert repr(LAYER) == "ELU(alpha=0.7)"
    assert list(Sequential([ELU()]).layers) == ["elu_1"]
