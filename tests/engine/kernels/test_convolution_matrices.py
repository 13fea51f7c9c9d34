import numpy as np
import pytest

from handgrad.engine.kernels import convolution_matrices
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, packed_bytes
from handgrad.engine.kernels.convolution_matrices import (
    forward_scratch_bytes,
)
from handgrad.engine.processor import has_matrix_unit

from .run import as_multiplied, floats, run_entry
from .test_amx_products import room

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
    return np.pad(as_multiplied(inputs), ((0, 0), (top, top), (left, left), (0, 0)))


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
        *(weights, packed, room(TRANSPOSE_BYTES), tall * broad, outs, channels),
    )
    outputs = np.full((outs, high, wide, 32), np.nan, np.float32)
    run_entry(
        convolution_matrices.unit_convolution,
        *(inputs, packed, bias, outputs),
        room(forward_scratch_bytes(channels, wide, (tall, broad))),
        *(channels, height, width, outs, high, wide, tall, broad, *padding, has_bias),
    )
    wider, factors = padded(inputs, padding), as_multiplied(weights)
    expected = np.zeros(outputs.shape) + has_bias * bias[:, None, None, None]
    for r in range(tall):
        for q in range(broad):
            part = wider[:, r : r + high, q : q + wide]
            expected += np.einsum("oc,cyxn->oyxn", factors[r * broad + q], part)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=5e-5)
