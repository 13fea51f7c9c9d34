import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import activations as definition
from handgrad.errors import ConfigError
from handgrad.layers.leaky_relu import LeakyReLU
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

SLOPES = st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.0])


@given(inputs=batches_of_values(), slope=SLOPES)
def test_equals_the_definition(inputs, slope):
    inputs.flat[0] = 0.0
    functions = definition.leaky_relu, definition.leaky_relu_slope
    assert_is_defined_by(LeakyReLU(slope), *functions, inputs, slope)


@given(inputs=batches_of_values(), slope=SLOPES)
def test_equals_autograd(inputs, slope):
    inputs.flat[0] = 0.0

    def function(x, _):
        return torch.nn.functional.leaky_relu(x, slope)

    assert_equals_autograd(LeakyReLU(slope), inputs, function)


@settings(max_examples=20)
@given(inputs=batches_of_values(), slope=SLOPES)
def test_gradient_by_random_projection(inputs, slope):
    inputs += 0.01 * np.sign(inputs)  # away from the kink
    assert_slope(LeakyReLU(slope), inputs)


@given(inputs=batches_of_values(), slope=SLOPES)
def test_float32_rounds_the_slope_and_the_product(inputs, slope):
    """Each of the two has an error of at most half an eps of the product."""
    layer = LeakyReLU(slope)
    assert_float32_within(layer, inputs, lambda x: slope * abs(x), lambda x: slope)


@settings(max_examples=15)
@given(inputs=batches_of_values(), slope=SLOPES)
def test_is_an_elementwise_layer(inputs, slope):
    assert_is_an_elementwise_layer(LeakyReLU(slope), inputs)


def test_nan_stays_nan():
    assert_nan_stays_where_it_is(LeakyReLU(), d_inputs_too=False)


@given(inputs=batches_of_values())
def test_slope_0_is_relu_and_slope_1_is_the_identity(inputs):
    np.testing.assert_array_equal(
        LeakyReLU(0.0).forward(inputs)[0], ReLU().forward(inputs)[0]
    )
    np.testing.assert_array_equal(LeakyReLU(1.0).forward(inputs)[0], inputs)


def test_the_kink_is_at_zero_itself():
    least = float(np.finfo(np.float32).tiny)
    inputs = np.array([[-1e-6, -least, -0.0, 0.0, least, 1e-6]])
    outputs, cache = LeakyReLU(0.5).forward(inputs)
    np.testing.assert_array_equal(outputs, inputs * [0.5, 0.5, 1, 1, 1, 1])
    d_inputs, _ = LeakyReLU(0.5).backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(d_inputs, [[0.5, 0.5, 0.5, 0.5, 1, 1]])


@pytest.mark.parametrize("slope", [-0.1, np.nan, np.inf])
def test_an_invalid_slope_is_refused(slope):
    message = "LeakyReLU takes negative_slope of at least 0, got .* Give a finite"
    with pytest.raises(ConfigError, match=message):
        LeakyReLU(slope)


def test_repr():
    assert repr(LeakyReLU(0.2)) == "LeakyReLU(negative_slope=0.2)"
    assert LeakyReLU().negative_slope == 0.01
