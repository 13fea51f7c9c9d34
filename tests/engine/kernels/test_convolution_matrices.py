import numpy as np
import pytest

from handgrad.engine.kernels import convolution_matrices
from handgrad.engine.kernels.convolution_matrices import (
    forward_scratch_bytes,
    gradient_scratch_bytes,
)
from handgrad.engine.kernels.thirds import TURN_BYTES, packed_bytes
from handgrad.engine.matrix_unit import has_matrix_unit

from .run import assert_same, floats, run_entry
from .test_matrices import room

needs_unit = pytest.mark.skipif(not has_matrix_unit(), reason="needs a matrix unit")
# channels, height, width, outputs, kernel, padding
SHAPES = [
    (32, 4, 5, 64, (3, 3), (1, 1)),
    (64, 6, 3, 32, (2, 3), (1, 2)),
    (32, 1, 2, 32, (5, 1), (4, 0)),
    (96, 3, 3, 32, (1, 1), (0, 0)),
]


def padded(inputs, padding):
    """(channels, height, width, 32) inside zeros, float64."""
    top, left = padding
    return np.pad(inputs.astype(np.float64), ((0, 0), (top, top), (left, left), (0, 0)))


def out_size(shape):
    _, height, width, _, kernel, padding = shape
    return tuple(
        size + 2 * border - side + 1
        for size, side, border in zip((height, width), kernel, padding, strict=True)
    )


@needs_unit
@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_outputs_are_sums_over_taps_and_channels(shape, has_bias):
    channels, height, width, outs, (tall, broad), padding = shape
    high, wide = out_size(shape)
    inputs = floats(channels, height, width, 32)
    weights = floats(tall * broad, outs, channels, seed=1)
    bias = floats(outs, seed=2)
    packed = room(tall * broad * packed_bytes(outs, channels))
    run_entry(
        convolution_matrices.unit_weights,
        *(weights, packed, room(TURN_BYTES), tall * broad, outs, channels),
    )
    outputs = np.full((outs, high, wide, 32), np.nan, np.float32)
    run_entry(
        convolution_matrices.unit_convolution,
        *(inputs, packed, bias, outputs),
        room(forward_scratch_bytes(channels, wide, (tall, broad))),
        *(channels, height, width, outs, high, wide, tall, broad, *padding, has_bias),
    )
    wider = padded(inputs, padding)
    expected = np.zeros(outputs.shape) + has_bias * bias[:, None, None, None]
    for r in range(tall):
        for q in range(broad):
            part = wider[:, r : r + high, q : q + wide]
            expected += np.einsum("oc,cyxn->oyxn", weights[r * broad + q], part)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=5e-5)


@needs_unit
@pytest.mark.parametrize("together", [1, 2, 6])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_sums_over_pixels_and_examples(shape, together):
    channels, height, width, outs, (tall, broad), padding = shape
    high, wide = out_size(shape)
    inputs = floats(channels, height, width, 32)
    d_outputs = floats(outs, high, wide, 32, seed=1)
    d_weight = np.full((tall, broad, outs, channels), np.nan, np.float32)
    sizes = ((channels, outs), wide, (tall, broad), together)
    run_entry(
        convolution_matrices.unit_gradient,
        *(d_outputs, inputs, d_weight, room(gradient_scratch_bytes(*sizes))),
        *(channels, height, width, outs, high, wide, tall, broad, *padding, together),
    )
    wider = padded(inputs, padding)
    for r in range(tall):
        for q in range(broad):
            part = wider[:, r : r + high, q : q + wide]
            expected = np.einsum("oyxn,cyxn->oc", d_outputs.astype(np.float64), part)
            np.testing.assert_allclose(d_weight[r, q], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("tiles", [1, 3])
def test_the_sum_over_tiles_keeps_their_order(tiles):
    taps, outs, rows, channels = 6, 5, 2, 32
    parts, d_weight = floats(tiles, taps, outs, channels), np.full(384, 9, np.float32)
    run_entry(
        convolution_matrices.unit_sum,
        *(parts[:, :, 3:].copy().reshape(-1), d_weight),
        *(taps, rows, rows, channels, tiles, 4 * taps * rows * channels),
    )
    expected = parts[0]
    for part in parts[1:]:
        expected = expected + part
    assert_same(
        d_weight.reshape(rows, channels, taps), expected[:, 3:].transpose(1, 2, 0)
    )
