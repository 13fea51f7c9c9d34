import numpy as np
import pytest
import torch
from hypothesis import given, settings

from definitions import activations as definition
from handgrad.layers import Sequential
from handgrad.layers.silu import SiLU

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

LAYER = SiLU()


@given(inputs=batches_of_values())
def test_equals_the_definition(inputs):
    assert_is_defined_by(LAYER, definition.silu, definition.silu_slope, inputs)


@given(inputs=batches_of_values())
def test_equals_autograd(inputs):
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.nn.functional.silu(x))


@settings(max_examples=20)
@given(inputs=batches_of_values(-3, 3))
def test_gradient_by_random_projection(inputs):
    assert_slope(LAYER, inputs)


@given(inputs=batches_of_values(-80, 80))
def test_float32_stays_within_rounding(inputs):
    """The gate has a relative error of 5 eps, and the product one more.

    So 1 - gate has an error of 5 eps of the gate and one half, and times the output
    that is 6 eps of |x|, with the errors of the factors; for negative x it shrinks with
    the gate.
    """

    def size(x):
        return np.exp(np.minimum(x, 0))  # the gate, and at most its double

    assert_float32_within(
        LAYER,
        inputs,
        lambda x: 6 * abs(x) * size(x),
        lambda x: (8 + 14 * abs(x)) * size(x),
    )


@settings(max_examples=15)
@given(inputs=batches_of_values())
def test_is_an_elementwise_layer(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LAYER)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_values_are_passed_and_large_negative_values_are_not(dtype):
    inputs = np.array([[-1e30, -1000, 1000, 1e30]], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        outputs, cache = LAYER.forward(inputs)
        d_inputs, _ = LAYER.backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(outputs, np.maximum(inputs, 0))
    np.testing.assert_array_equal(d_inputs, [[0, 0, 1, 1]])


@given(inputs=batches_of_values())
def test_f_of_x_minus_f_of_minus_x_is_x(inputs):
    close(LAYER.forward(inputs)[0] - LAYER.forward(-inputs)[0], inputs, 1e-14)


def test_the_minimum_is_one_above_its_input():
    inputs = np.linspace(-3, 0, 3_000_001)[None]
    outputs, cache = LAYER.forward(inputs)
    place = outputs.argmin()
    assert outputs[0, place] == pytest.approx(-0.27846, abs=1e-5)
    assert outputs[0, place] == pytest.approx(inputs[0, place] + 1, abs=1e-5)
    slopes, _ = LAYER.backward(np.ones_like(inputs), cache)
    assert slopes.min() == pytest.approx(-0.09984, abs=1e-5)


def test_repr():
    assert repr(LAYER) == "SiLU()"
    assert list(Sequential([SiLU()]).layers) == ["silu_1"]
