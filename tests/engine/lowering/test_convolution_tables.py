"""Tables of offsets, followed by hand: the sums that they name are a convolution."""

import numpy as np
import pytest

from handgrad.engine import processor
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_tables import FLOAT, Convolution
from handgrad.layers import Conv2d
from handgrad.randomness import Key, normal

TILE = 16
CASES = {  # channels, outs, height and width, kernel, stride, padding
    "plain": (2, 3, (5, 4), (3, 2), (1, 1), (0, 0)),
    "padded": (1, 2, (4, 4), (3, 3), (1, 1), (1, 1)),
    "strided": (2, 5, (6, 7), (2, 3), (2, 3), (1, 2)),
    "gaps": (1, 1, (5, 6), (1, 1), (3, 2), (0, 0)),
    "wide padding": (1, 2, (2, 3), (3, 2), (1, 2), (2, 2)),
    "one pixel": (3, 4, (1, 1), (1, 1), (1, 1), (0, 0)),
}


@pytest.fixture(params=CASES)
def case(request):
    """A layer in float64, its geometry, a batch of 16 and a gradient."""
    channels, outs, size, kernel, stride, padding = CASES[request.param]
    layer = Conv2d(channels, outs, kernel, stride=stride, padding=padding, key=Key(1))
    layer.weight.value = normal(Key(2), layer.weight.shape)
    layer.bias.value = normal(Key(3), (outs,))
    inputs = normal(Key(4), (TILE, channels, *size))
    padded_size = (size[0] + 2 * padding[0], size[1] + 2 * padding[1])
    shape = Convolution(channels, outs, padded_size, kernel, stride, padding, TILE)
    return layer, shape, inputs


def batch_last(values):
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))


def at(flat, offset):
    """A tile's numbers at an offset in bytes."""
    start = offset // FLOAT
    return flat.reshape(-1)[start : start + TILE]


def by_taps(tables, packed, source, sizes, out_shape):
    """What `taps_kernel` does with these tables: a sum for every place and output."""
    taps, places = tables
    channels, channel_bytes, block, tap_count = sizes
    outputs = np.zeros(out_shape)
    blocks = packed.reshape(-1, channels, tap_count * block)
    for start, target, first, count in places:
        for number, weights in enumerate(blocks):
            for out in range(number * block, min((number + 1) * block, out_shape[0])):
                total = np.zeros(TILE)
                for channel in range(channels):
                    for offset, weight in taps[first : first + count]:
                        value = at(source, start + channel * channel_bytes + offset)
                        place = weight // FLOAT + out - number * block
                        total += weights[channel, place] * value
                at(outputs[out], target)[:] = total
    return outputs


def pack(weight, order):
    """Weights in the order of a table; -1 is zero."""
    return np.where(order >= 0, weight.reshape(-1)[order], 0.0)


@pytest.mark.parametrize("block", [1, 2, 4])
def test_the_forward_tables_name_a_convolution(case, block):
    layer, shape, inputs = case
    (top, left), outs = shape.padding, shape.out_channels
    padded = np.pad(inputs, [(0, 0), (0, 0), (top, top), (left, left)])
    packed = pack(layer.weight.value, convolution_tables.forward_order(shape, block))
    found = by_taps(
        convolution_tables.forward_tables(shape, block),
        packed,
        batch_last(padded),
        (shape.in_channels, shape.input_bytes, block, shape.taps),
        (outs, *shape.out_size, TILE),
    )
    expected, _ = layer.forward(inputs)
    bias = layer.bias.value[:, None, None, None]
    np.testing.assert_allclose(found + bias, batch_last(expected), atol=1e-12)


@pytest.mark.parametrize("block", [1, 2, 4])
def test_the_backward_tables_name_the_gradient_of_the_inputs(case, block):
    layer, shape, inputs = case
    outputs, cache = layer.forward(inputs)
    d_outputs = normal(Key(5), outputs.shape)
    packed = pack(layer.weight.value, convolution_tables.backward_order(shape, block))
    found = by_taps(
        convolution_tables.backward_tables(shape, block),
        packed,
        batch_last(d_outputs),
        (shape.out_channels, shape.output_bytes, block, shape.taps + 1),
        (*inputs.shape[1:], TILE),
    )
    expected, _ = layer.backward(d_outputs, cache)
    np.testing.assert_allclose(found, batch_last(expected), atol=1e-12)


def test_the_dots_tables_name_the_gradient_of_the_weights(case):
    layer, shape, inputs = case
    outputs, cache = layer.forward(inputs)
    d_outputs = normal(Key(5), outputs.shape)
    (top, left) = shape.padding
    padded = batch_last(np.pad(inputs, [(0, 0), (0, 0), (top, top), (left, left)]))
    d_values = batch_last(d_outputs)
    offsets, rows, run = convolution_tables.dots_tables(shape)
    found = np.zeros((shape.out_channels, shape.in_channels, shape.taps))
    length = run * 16
    for out in range(shape.out_channels):
        for channel in range(shape.in_channels):
            for tap, offset in enumerate(offsets):
                for d_at, x_at in rows:
                    first, second = d_at // FLOAT, (x_at + offset) // FLOAT
                    found[out, channel, tap] += (
                        d_values[out].reshape(-1)[first : first + length]
                        @ padded[channel].reshape(-1)[second : second + length]
                    )
    expected = layer.backward(d_outputs, cache)[1]["weight"]
    np.testing.assert_allclose(found, expected.reshape(found.shape), atol=1e-10)


def test_sizes_are_the_layers(case):
    layer, shape, inputs = case
    assert shape.out_size == layer.output_shape(inputs.shape[1:])[1:]


@pytest.mark.parametrize("wide", [True, False])
def test_blocks_fit_the_registers_and_waste_little(monkeypatch, wide):
    monkeypatch.setattr(processor, "has_wide_registers", lambda: wide)
    for channels in range(1, 130):
        block = convolution_tables.output_block(channels)
        rounded = -(-channels // block) * block
        assert 2 * block + 3 <= (32 if wide else 16)
        assert rounded - channels < max(4, channels // 4)
    for outs in range(1, 40):
        for taps in (1, 2, 4, 6, 9, 25, 49, 121):
            out_block, tap_block = convolution_tables.dots_block(outs, taps)
            assert outs % out_block == taps % tap_block == 0
            assert out_block * tap_block <= (24 if wide else 12)
            assert out_block * (tap_block + 1) + 1 <= 16 or wide


def test_this_machine_says_what_registers_it_has():
    assert processor.has_wide_registers() in (True, False)
