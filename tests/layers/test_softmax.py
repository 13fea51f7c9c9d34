import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from definitions import softmax as definition
from handgrad.arrays import to_numpy
from handgrad.errors import ShapeError
from handgrad.layers.softmax import Softmax

from .elementwise import (
    EPS,
    OTHER_LIBRARIES,
    TINY,
    assert_equals_autograd,
    assert_is_an_elementwise_layer,
    assert_slope,
    batches_of_values,
    close,
)

LAYER = Softmax()


@given(inputs=batches_of_values())
def test_equals_the_definition(inputs):
    outputs, cache = LAYER.forward(inputs)
    close(outputs, definition.softmax(inputs), 1e-12)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape)
    d_inputs, gradients = LAYER.backward(d_outputs, cache)
    close(d_inputs, definition.softmax_backward(d_outputs, inputs), 1e-12)
    assert gradients == {}


@given(inputs=batches_of_values())
def test_equals_autograd(inputs):
    assert_equals_autograd(LAYER, inputs, lambda x, _: torch.softmax(x, dim=-1))


@settings(max_examples=20)
@given(seed=st.integers(0, 9999), classes=st.integers(2, 9))
def test_gradient_by_random_projection(seed, classes):
    assert_slope(LAYER, np.random.default_rng(seed).normal(size=(3, classes)))


@given(inputs=batches_of_values())
def test_float32_stays_within_rounding(inputs):
    """An exponent d has an error of eps * d, so exp a relative error of as much.

    exp adds 4 eps, a sum of K terms K, the quotient 1; backward adds another sum.
    """
    coarse = inputs.astype(np.float32)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape).astype(np.float32)
    outputs, cache = LAYER.forward(coarse)
    d_inputs, _ = LAYER.backward(d_outputs, cache)
    exact, fine_cache = LAYER.forward(coarse.astype(np.float64))
    d_exact, _ = LAYER.backward(d_outputs.astype(np.float64), fine_cache)
    assert outputs.dtype == d_inputs.dtype == np.float32
    relative = EPS * (2 * np.ptp(inputs, axis=-1, keepdims=True) + inputs.shape[-1] + 9)
    assert np.all(abs(outputs - exact) <= relative * exact + TINY)
    size = abs(d_outputs) + np.sum(abs(d_outputs) * exact, axis=-1, keepdims=True)
    assert np.all(abs(d_inputs - d_exact) <= 2 * relative * exact * size + TINY)


@settings(max_examples=15)
@given(inputs=batches_of_values())
def test_is_the_same_in_every_library(inputs):
    assert_is_an_elementwise_layer(LAYER, inputs)


@given(inputs=batches_of_values(-1e4, 1e4), shift=st.floats(-1e4, 1e4))
def test_rows_sum_to_one_and_ignore_a_shift(inputs, shift):
    outputs, _ = LAYER.forward(inputs)
    close(outputs.sum(axis=-1), np.ones(inputs.shape[:-1]), 1e-12)
    assert np.all(outputs >= 0)
    close(LAYER.forward(inputs + shift)[0], outputs, 1e-10)


@given(inputs=batches_of_values())
def test_gradients_of_a_row_sum_to_zero(inputs):
    """Adding a constant to a row changes nothing."""
    _, cache = LAYER.forward(inputs)
    d_outputs = np.random.default_rng(0).normal(size=inputs.shape)
    d_inputs, _ = LAYER.backward(d_outputs, cache)
    close(d_inputs.sum(axis=-1), np.zeros(inputs.shape[:-1]), 1e-14)
    same, _ = LAYER.backward(np.ones_like(inputs), cache)
    close(same, np.zeros_like(inputs), 1e-14)


@pytest.mark.parametrize("xp", [np, *OTHER_LIBRARIES])
def test_nan_fills_its_row_and_no_other(xp):
    inputs = xp.asarray(np.array([[1.0, np.nan, 2.0], [0.0, 3.0, -1.0]]))
    outputs, cache = LAYER.forward(inputs)
    d_inputs, _ = LAYER.backward(xp.ones_like(inputs), cache)
    for found in (outputs, d_inputs):
        rows = np.isnan(to_numpy(found))
        np.testing.assert_array_equal(rows, [[True] * 3, [False] * 3])


def test_large_values_do_not_overflow():
    outputs, _ = LAYER.forward(np.array([[1e30, 0.0, -1e30]], dtype=np.float32))
    np.testing.assert_array_equal(outputs, [[1, 0, 0]])


def test_an_example_without_axes_is_refused():
    message = r"Softmax\(\) takes examples of .*classes\), got \(\)\. Give .* one axis"
    with pytest.raises(ShapeError, match=message):
        LAYER.output_shape(())


def test_repr():
    assert repr(LAYER) == "Softmax()"
