"""Shapes, values and checks shared by the tests of element-wise layers.

Element-wise rounding errors do not accumulate over the batch, so each float32 bound is
a number of eps times a magnitude, derived from the operations of the formula (one ulp
is at most one eps of the result; the libraries' exp, tanh and erf are accurate to 4).
"""

import numpy as np
from hypothesis import strategies as st

from definitions.activations import apply
from handgrad.arrays import to_numpy

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    close,
)

__all__ = ["OTHER_LIBRARIES", "assert_equals_autograd", "assert_slope", "close"]
EPS, TINY = float(np.finfo(np.float32).eps), float(np.finfo(np.float32).tiny)
SHAPES = st.one_of(
    st.tuples(st.integers(1, 4), st.integers(1, 9)),
    st.tuples(st.integers(1, 3), *[st.integers(1, 4)] * 3),
)


@st.composite
def batches_of_values(draw, least=-9.0, most=9.0):
    """Rows or images with values over the whole curve, all different, not at a kink."""
    shape, seed = draw(SHAPES), draw(st.integers(0, 9999))
    return np.random.default_rng(seed).uniform(least, most, size=shape)


def assert_is_defined_by(layer, function, slope, inputs, *arguments):
    """Outputs and d_inputs are those of the function of one number."""
    outputs, cache = layer.forward(inputs)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape)
    d_inputs, gradients = layer.backward(d_outputs, cache)
    close(outputs, apply(function, inputs, *arguments), 1e-12)
    close(d_inputs, d_outputs * apply(slope, inputs, *arguments), 1e-12)
    assert gradients == {}
    assert layer.output_shape(inputs.shape[1:]) == inputs.shape[1:]


def assert_float32_within(layer, inputs, forward_bound, backward_bound):
    """float32 in, float32 out, and within the bounds of the float64 result."""
    coarse = inputs.astype(np.float32)
    fine = coarse.astype(np.float64)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape).astype(np.float32)
    outputs, cache = layer.forward(coarse)
    d_inputs, _ = layer.backward(d_outputs, cache)
    exact, fine_cache = layer.forward(fine)
    d_exact, _ = layer.backward(d_outputs.astype(np.float64), fine_cache)
    assert outputs.dtype == d_inputs.dtype == np.float32
    assert np.all(abs(outputs - exact) <= EPS * forward_bound(fine) + TINY)
    size = abs(d_outputs.astype(np.float64))
    assert np.all(abs(d_inputs - d_exact) <= EPS * size * backward_bound(fine) + TINY)


def assert_is_an_elementwise_layer(layer, inputs):
    """Same in every library; arguments are not modified; examples are independent."""
    for xp in OTHER_LIBRARIES:
        assert_same_in(xp, layer, inputs)
    assert_keeps_what_it_is_given(layer, inputs)
    trained, _ = layer.forward(inputs, training=True)
    np.testing.assert_array_equal(trained, layer.forward(inputs)[0])
    assert layer.parameters() == {}
    assert layer.buffers() == {}


def assert_nan_stays_where_it_is(layer, d_inputs_too=True):
    """A NaN stays NaN in its place and affects no other, in every library."""
    values = np.array([[1.0, np.nan, -2.0], [0.0, 3.0, -0.0]])
    for xp in (np, *OTHER_LIBRARIES):
        inputs = xp.asarray(values)
        outputs, cache = layer.forward(inputs)
        np.testing.assert_array_equal(np.isnan(to_numpy(outputs)), np.isnan(values))
        d_inputs, _ = layer.backward(xp.asarray(np.ones((2, 3))), cache)
        found = np.isnan(to_numpy(d_inputs))
        np.testing.assert_array_equal(found, np.isnan(values) & d_inputs_too)
