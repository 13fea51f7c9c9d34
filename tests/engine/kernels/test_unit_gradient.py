"""Gradients of convolutions through the matrix unit, and their sum over tiles."""

import numpy as np
import pytest

from handgrad.engine.kernels import unit_gradient
from handgrad.engine.kernels.unit_gradient import gradient_scratch_bytes

from .run import as_multiplied, assert_same, floats, run_entry
from .test_amx_products import room
from .test_convolution_matrices import SHAPES, needs_unit, out_size, padded


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
        unit_gradient.unit_gradient,
        *(d_outputs, inputs, d_weight, room(gradient_scratch_bytes(*sizes))),
        *(channels, height, width, outs, high, wide, tall, broad, *padding, together),
    )
    wider, factors = padded(inputs, padding), as_multiplied(d_outputs)
    for r in range(tall):
        for q in range(broad):
            part = wider[:, r : r + high, q : q + wide]
            expected = np.einsum("oyxn,cyxn->oc", factors, part)
            np.testing.assert_allclose(d_weight[r, q], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("tiles", [1, 3])
def test_the_sum_over_tiles_keeps_their_order(tiles):
    taps, outs, rows, channels = 6, 5, 2, 32
    parts, d_weight = floats(tiles, taps, outs, channels), np.full(384, 9, np.float32)
    run_entry(
        unit_gradient.unit_sum,
        *(parts[:, :, 3:].copy().reshape(-1), d_weight),
        *(taps, rows, rows, channels, tiles, 4 * taps * rows * channels),
    )
    expected = parts[0]
    for part in parts[1:]:
        expected = expected + part
    assert_same(
        d_weight.reshape(rows, channels, taps), expected[:, 3:].transpose(1, 2, 0)
    )
