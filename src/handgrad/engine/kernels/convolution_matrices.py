"""Convolution of many channels on the matrix unit, over one tile.

    outputs[o, y, x] = bias[o] + sum over r, q, c of
                       weight[o, c, r, q] * inputs[c, y + r - top, x + q - left]

Each pixel of 32 channels by 32 examples is a unit (`bfloat16x3`). Each row of pixels is
packed once, into a ring of slots. Units of zeros beside each row are its padding, so
that the taps of a kernel's row are one run of units.
"""

from numba import carray

from handgrad.engine.kernels.amx import (
    EDGE,
    REGISTER_BYTES,
    ROW_BYTES,
    SIDE,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_runs,
)
from handgrad.engine.kernels.bfloat16x3 import (
    TRANSPOSE_BYTES,
    pack,
    pack_pair,
    packed_bytes,
)
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    Sizes,
    at,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer, long_pointer, store_long
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES

TABLE_BYTES = 1 << 12  # 256 runs
WORD = 8


@kernel
def clear_edges(slots, count, row_bytes, before, width_bytes):
    """Zero the padding of each slot's row: some bytes before it, the rest behind."""
    for slot in range(count):
        start = slots + slot * row_bytes
        words = carray(long_pointer(start), (row_bytes // WORD,))
        words[: before // WORD] = 0
        words[(before + width_bytes) // WORD :] = 0


@kernel
def pack_pixels(inputs, channel_bytes, channels, width, target):
    """Pack a row of pixels as right operands: units (pixel, blocks of 32 channels)."""
    units = channels // SIDE
    for unit in range(units):
        for pair in range(EDGE):
            first = inputs + (unit * SIDE + 2 * pair) * channel_bytes
            for pixel in range(width):
                to = target + (pixel * units + unit) * UNIT_BYTES + pair * ROW_BYTES
                for half in range(2):
                    at = first + pixel * PANEL_BYTES + half * ROW_BYTES
                    place = to + half * REGISTER_BYTES
                    step = 2 * REGISTER_BYTES
                    pack_pair(at, EDGE, at + channel_bytes, EDGE, place, step)


@kernel
def convolve_row(table, runs, steps, left, pixel_bytes, block, wide):
    """32 outputs of a row of pixels: (32, wide, 32 examples), rows a panel longer."""
    row = (wide + 1) * PANEL_BYTES
    for x in range(wide):
        right, to = x * pixel_bytes, block + x * PANEL_BYTES
        matrix_runs(0, table, runs, steps, left, right, to, row)


@kernel
def copy_rows(block, bias, has_bias, outputs, channel_bytes, wide):
    """Copy a block's rows to their channels, and add the bias."""
    for out in range(SIDE):
        start = block + out * (wide + 1) * PANEL_BYTES
        source = carray(float_pointer(start), (wide * PANEL,))
        place = outputs + out * channel_bytes
        target = carray(float_pointer(place), (wide * PANEL,))
        added = bias[out] if has_bias else source.dtype.type(0)
        for number in range(wide * PANEL):
            target[number] = source[number] + added


def forward_scratch_bytes(
    channels: int, out_width: int, kernel: tuple[int, int]
) -> int:
    """Bytes of scratch that `unit_convolution` needs."""
    positions = out_width + kernel[1] - 1
    slots = kernel[0] * positions * channels // SIDE * UNIT_BYTES
    return TABLE_BYTES + SIDE * (out_width + 1) * PANEL_BYTES + slots


PICTURES = times("channels", "height", "width", PANEL)
RESULTS = times("outs", "high", "wide", PANEL)
WORK = times(2, "outs", "channels", "tall", "broad", "high", "wide", PANEL)
SIZES = (
    *("channels", "height", "width", "outs", "high", "wide", "tall", "broad"),
    *("top", "left"),
)


@kernel_entry(operations=WORK, by_unit=True)
def unit_convolution(
    inputs: reads(at(FLOATS), PICTURES),
    weights: reads(
        at(OCTETS),
        lambda outs, channels, tall, broad: tall * broad * packed_bytes(outs, channels),
    ),
    bias: reads(FLOATS, lambda outs, has_bias: outs if has_bias else 0),
    outputs: writes(at(FLOATS), RESULTS),
    table: scratch(
        at(OCTETS),
        lambda channels, wide, tall, broad: forward_scratch_bytes(
            channels, wide, (tall, broad)
        ),
    ),
    sizes: Sizes(" ".join(SIZES)),
    has_bias: FLAG,
):
    """outputs = convolution + bias; `unit_weights` packs the weights.

    `high` and `wide` are the size of outputs, `tall` and `broad` of the kernel, `top`
    and `left` the padding.

    Stands for
        Conv2d.forward, and d_inputs of Conv2d.backward (transposed weights)
    """
    channels, height, width, outs, high, wide, tall, broad, top, left = sizes
    units = channels // SIDE
    pixel_bytes, run_bytes = units * UNIT_BYTES, broad * units * UNIT_BYTES
    row_bytes = (wide + broad - 1) * pixel_bytes
    block = table + TABLE_BYTES
    slots = block + SIDE * (wide + 1) * PANEL_BYTES
    line, area = width * PANEL_BYTES, height * width * PANEL_BYTES
    clear_edges(slots, tall, row_bytes, left * pixel_bytes, width * pixel_bytes)
    ready = 0
    begin_matrices()
    for y in range(high):
        while ready < min(height, y - top + tall):
            slot = slots + ready % tall * row_bytes + left * pixel_bytes
            pack_pixels(inputs + ready * line, area, channels, width, slot)
            ready += 1
        first, last = max(0, top - y), min(tall, height + top - y)
        for r in range(first, last):
            entry = table + 2 * WORD * (r - first)
            store_long(entry, weights + r * run_bytes)
            store_long(entry + WORD, slots + (y - top + r) % tall * row_bytes)
        for out in range(0, outs, SIDE):
            here, runs = out // SIDE * tall * run_bytes, last - first
            convolve_row(table, runs, broad * units, here, pixel_bytes, block, wide)
            place = outputs + (out * high + y) * wide * PANEL_BYTES
            own = bias[out:] if has_bias else bias
            copy_rows(block, own, has_bias, place, high * wide * PANEL_BYTES, wide)
    end_matrices()


@kernel_entry()
def unit_weights(
    weights: reads(at(FLOATS), times("taps", "outs", "channels")),
    packed: writes(
        at(OCTETS), lambda taps, outs, channels: taps * packed_bytes(outs, channels)
    ),
    transposed: scratch(at(OCTETS), TRANSPOSE_BYTES),
    sizes: Sizes("taps outs channels"),
):
    """Pack (taps, outputs, channels) as (blocks of 32 outputs, taps, channels)."""
    taps, outs, channels = sizes
    size = channels // SIDE * UNIT_BYTES
    for tap in range(taps):
        for out in range(0, outs, SIDE):
            source = weights + 4 * (tap * outs + out) * channels
            target = packed + (out // SIDE * taps + tap) * size
            pack(source, 4 * channels, True, True, SIDE, channels, target, transposed)
