import numpy as np
import pytest

from handgrad.engine.kernels import activations
from handgrad.engine.kernels.activations import backward_kernel, forward_kernel
from handgrad.layers import GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh

from .run import assert_same, floats, run_entry

LAYERS = {
    activations.RELU: ReLU(),
    activations.LEAKY: LeakyReLU(0.2),
    activations.SIGMOID: Sigmoid(),
    activations.TANH: Tanh(),
    activations.GELU: GELU(),
    activations.GELU_TANH: GELU("tanh"),
    activations.SILU: SiLU(),
}
EXACT = [activations.RELU, activations.LEAKY]
SMOOTH = [kind for kind in LAYERS if kind not in EXACT]
SLOPE = np.full(1, 0.2, np.float32)
NONE = np.zeros(1, np.float32)


def forward(kind, inputs, bias=None, *, in_place=False):
    """Through the compiled kernel; returns the outputs and what became of inputs."""
    inputs, outputs = inputs.copy(), np.empty_like(inputs)
    rows, columns = inputs.shape
    run_entry(
        forward_kernel(kind, has_bias=bias is not None, in_place=in_place),
        *(inputs, outputs, NONE if bias is None else bias, SLOPE),
        *(rows, columns, columns, columns),
    )
    return (inputs if in_place else outputs), inputs


def backward(kind, d_outputs, kept):
    """Through the compiled kernel, which works in place."""
    d_inputs = d_outputs.copy()
    rows, columns = d_inputs.shape
    run_entry(
        backward_kernel(kind), d_inputs, kept, SLOPE, rows, columns, columns, columns
    )
    return d_inputs


@pytest.mark.parametrize("kind", EXACT)
@pytest.mark.parametrize("in_place", [False, True])
def test_forward_is_the_plain_layer_to_the_bit(kind, in_place):
    inputs = floats(5, 32, nan=True)
    found, _ = forward(kind, inputs, in_place=in_place)
    assert_same(found, LAYERS[kind].forward(inputs)[0])


@pytest.mark.parametrize("kind", EXACT)
def test_backward_is_the_plain_layer_to_the_bit(kind):
    inputs, d_outputs = floats(5, 32, nan=True), floats(5, 32, seed=1)
    outputs, cache = LAYERS[kind].forward(inputs)
    expected, _ = LAYERS[kind].backward(d_outputs, cache)
    assert_same(backward(kind, d_outputs, outputs), expected)


def test_a_nan_does_not_pass_a_closed_gate():
    d_outputs, outputs = np.full((1, 32), np.nan, np.float32), np.zeros((1, 32))
    found = backward(activations.RELU, d_outputs, outputs.astype(np.float32))
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("kind", SMOOTH)
def test_smooth_activations_are_the_plain_layers_within_rounding(kind):
    inputs = np.linspace(-9, 9, 64 * 32, dtype=np.float32).reshape(64, 32)
    inputs[0, :3] = np.nan, 200, -200
    d_outputs = floats(64, 32)
    wide, cache = LAYERS[kind].forward(inputs.astype(np.float64))
    expected, _ = LAYERS[kind].backward(d_outputs.astype(np.float64), cache)
    found, _ = forward(kind, inputs)
    size = np.maximum(np.abs(inputs), 1)  # GELU and SiLU multiply an error by it
    np.testing.assert_array_less(np.abs(found - wide)[1:], 5e-7 * size[1:])
    np.testing.assert_allclose(found, wide, rtol=1e-6, atol=1e-5)
    d_inputs = backward(kind, d_outputs, inputs if kind.keeps_inputs else found)
    # one or two slopes near 1, each from values with the errors above
    np.testing.assert_allclose(d_inputs, expected, rtol=0, atol=1e-5)
    assert np.isnan(d_inputs[0, 0])


def test_silu_of_the_smallest_number_is_nothing():
    inputs = np.full((1, 32), np.finfo(np.float32).min)
    np.testing.assert_allclose(forward(activations.SILU, inputs)[0], 0, atol=1e-30)
    d_inputs = backward(activations.SILU, np.ones_like(inputs), inputs)
    np.testing.assert_allclose(d_inputs, 0, atol=1e-30)


@pytest.mark.parametrize("kind", [activations.IDENTITY, *LAYERS])
def test_the_bias_of_a_row_comes_first(kind):
    inputs, bias = floats(5, 32), floats(5, seed=2)
    shifted = inputs + bias[:, None]
    found, kept = forward(kind, inputs, bias)
    assert_same(found, forward(kind, shifted)[0])
    if kind.keeps_inputs:
        assert_same(kept, shifted)


def test_rows_may_be_part_of_a_larger_matrix():
    inputs, outputs = floats(3, 48), np.full((3, 40), 7, np.float32)
    run_entry(
        forward_kernel(activations.RELU, has_bias=False, in_place=False),
        *(inputs, outputs, NONE, SLOPE, 3, 32, 48, 40),
    )
    assert_same(outputs[:, :32], np.maximum(inputs[:, :32], 0))
    np.testing.assert_array_equal(outputs[:, 32:], 7)
