import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import activations as definition
from handgrad.errors import ConfigError
from handgrad.layers.gelu import GELU, erf

from .elementwise import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_float32_within,
    assert_is_an_elementwise_layer,
    assert_is_defined_by,
    assert_nan_stays_where_it_is,
    assert_slope,
    batches_of_values,
    close,
)

FORMS = st.sampled_from(["none", "tanh"])
DEFINITIONS = {
    "none": (definition.gelu, definition.gelu_slope),
    "tanh": (definition.gelu_tanh, definition.gelu_tanh_slope),
}


@given(inputs=batches_of_values(), form=FORMS)
def test_equals_the_definition(inputs, form):
    assert_is_defined_by(GELU(form), *DEFINITIONS[form], inputs)


@given(inputs=batches_of_values(), form=FORMS)
def test_equals_autograd(inputs, form):
    def function(x, _):
        return torch.nn.functional.gelu(x, approximate=form)

    assert_equals_autograd(GELU(form), inputs, function)


@settings(max_examples=20)
@given(inputs=batches_of_values(-2, 2), form=FORMS)
def test_gradient_by_random_projection(inputs, form):
    assert_slope(GELU(form), inputs)


@given(inputs=batches_of_values())
def test_float32_stays_within_rounding(inputs):
    """cdf has an error of 4 eps; the other term, |x| * pdf * (x ** 2 + 6), of 2."""
    assert_float32_within(GELU(), inputs, lambda x: 6 * abs(x), lambda x: 10)


@given(inputs=batches_of_values())
def test_float32_stays_within_rounding_in_the_tanh_form(inputs):
    """tanh has an error of 6 eps, so 1 - tanh ** 2 of 12, times x / 2 * du/dx.

    From |x| = 5 on, tanh is exactly 1, without error.
    """

    def backward_bound(x):
        near = np.minimum(abs(x), 5)
        return 8 + 6 * near * 0.8 * (1 + 0.134145 * near**2)

    bounds = (lambda x: 6 * abs(x)), backward_bound
    assert_float32_within(GELU("tanh"), inputs, *bounds)


@settings(max_examples=15)
@given(inputs=batches_of_values(), form=FORMS)
def test_is_an_elementwise_layer(inputs, form):
    assert_is_an_elementwise_layer(GELU(form), inputs)


@pytest.mark.parametrize("form", DEFINITIONS)
def test_nan_stays_nan(form):
    assert_nan_stays_where_it_is(GELU(form))


@pytest.mark.parametrize("form", DEFINITIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_values_are_passed_and_large_negative_values_are_not(dtype, form):
    inputs = np.array([[-1e30, -1000, 1000, 1e30]], dtype=dtype)
    outputs, cache = GELU(form).forward(inputs)
    np.testing.assert_array_equal(outputs, np.maximum(inputs, 0))
    d_inputs, _ = GELU(form).backward(np.ones_like(inputs), cache)
    np.testing.assert_array_equal(d_inputs, [[0, 0, 1, 1]])


@given(inputs=batches_of_values(), form=FORMS)
def test_f_of_x_minus_f_of_minus_x_is_x(inputs, form):
    layer = GELU(form)
    close(layer.forward(inputs)[0] - layer.forward(-inputs)[0], inputs, 1e-14)


def test_exact_and_tanh_form_are_close():
    inputs = np.linspace(-9, 9, 10_001).reshape(1, -1)
    apart = GELU().forward(inputs)[0] - GELU("tanh").forward(inputs)[0]
    assert 1e-4 < abs(apart).max() < 5e-4


@pytest.mark.parametrize("xp", [np, *OTHER_LIBRARIES])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_is_in_the_library_and_dtype_of_its_argument(xp, dtype):
    values = xp.asarray([[-1.0, 0.0, 2.0]], dtype=getattr(xp, dtype))
    found = erf(values)
    assert type(found) is type(values)
    assert found.dtype == values.dtype
    expected = [[-0.8427007929497149, 0.0, 0.9953222650189527]]
    close(np.asarray(found), expected, 1e-6 if dtype == "float32" else 1e-15)


def test_an_unknown_form_is_refused():
    message = "There is no form of GELU named 'erf'. Known: none, tanh."
    with pytest.raises(ConfigError, match=message):
        GELU("erf")


def test_repr():
    assert repr(GELU("tanh")) == "GELU(approximate='tanh')"
