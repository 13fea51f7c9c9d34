"""Convolutions of many channels through the matrix unit, over one tile.

    outputs[o, y, x] = bias[o] + sum over r, q, c of
                       weight[o, c, r, q] * inputs[c, y + r - top, x + q - left]

Each pixel of 32 channels by 32 examples is a unit (`thirds`). Rows of pixels are packed
once, into slots that later rows take over; units of zeros stand beside each row in the
place of padding, so that the taps of a kernel's row are one run of units.
"""

from typing import Any

from numba import carray

from handgrad.engine.kernels.amx import (
    EDGE,
    REGISTER_BYTES,
    ROW_BYTES,
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_runs,
)
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    SIZE,
    Span,
    at,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer, long_pointer, store_long
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES
from handgrad.engine.kernels.thirds import (
    TURN_BYTES,
    pack,
    pack_half,
    pack_pair,
    packed_bytes,
)

TABLE_BYTES = 1 << 12  # 256 runs
WORD = 8


@kernel
def clear_edges(slots, count, row_bytes, before, width_bytes):
    """Zeros beside each slot's row of pixels: some bytes before it, the rest behind."""
    for slot in range(count):
        start = slots + slot * row_bytes
        words = carray(long_pointer(start), (row_bytes // WORD,))
        words[: before // WORD] = 0
        words[(before + width_bytes) // WORD :] = 0


@kernel
def pack_pixels(inputs, channel_bytes, channels, width, target):
    """A row of pixels as right sides: units (pixel, channels by the 32)."""
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
    """32 outputs of a row of pixels: (32, wide, 32 examples), rows a panel apart."""
    row = (wide + 1) * PANEL_BYTES
    for x in range(wide):
        right, to = x * pixel_bytes, block + x * PANEL_BYTES
        matrix_runs(0, table, runs, steps, left, right, to, row)


@kernel
def copy_rows(block, bias, has_bias, outputs, channel_bytes, wide):
    """A block's rows to their channels' places, and their bias."""
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
    """What `unit_convolution` needs."""
    positions = out_width + kernel[1] - 1
    slots = kernel[0] * positions * channels // SIDE * UNIT_BYTES
    return TABLE_BYTES + SIDE * (out_width + 1) * PANEL_BYTES + slots


def gradient_scratch_bytes(
    sizes: tuple[int, int], out_width: int, kernel: tuple[int, int], together: int
) -> int:
    """What `unit_gradient` needs; sizes are channels and outputs."""
    channels, outs = (size // SIDE * UNIT_BYTES for size in sizes)
    rows = (together + kernel[0] - 1) * (out_width + kernel[1] - 1) * channels
    return TABLE_BYTES + TURN_BYTES + rows + together * out_width * outs


def pictures(channels, height, width):
    """Numbers of a tile's inputs."""
    return channels * height * width * PANEL


def results(outs, high, wide):
    """Numbers of its outputs."""
    return outs * high * wide * PANEL


def weight_size(outs, channels, tall, broad):
    """Numbers of a weight."""
    return tall * broad * outs * channels


def work(outs, channels, tall, broad, high, wide):
    """Multiplications and additions."""
    return 2 * outs * channels * tall * broad * high * wide * PANEL


SIZES: Any = dict.fromkeys(
    (
        *("channels", "height", "width", "outs", "high", "wide", "tall", "broad"),
        *("top", "left"),
    ),
    SIZE,
)


@kernel_entry(operations=work, by_unit=True)
def unit_convolution(
    inputs: reads(at(FLOATS), pictures),
    weights: reads(
        at(OCTETS),
        lambda outs, channels, tall, broad: tall * broad * packed_bytes(outs, channels),
    ),
    bias: reads(FLOATS, lambda outs, has_bias: outs if has_bias else 0),
    outputs: writes(at(FLOATS), results),
    table: scratch(
        at(OCTETS),
        lambda channels, wide, tall, broad: forward_scratch_bytes(
            channels, wide, (tall, broad)
        ),
    ),
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    outs: SIZE,
    high: SIZE,
    wide: SIZE,
    tall: SIZE,
    broad: SIZE,
    top: SIZE,
    left: SIZE,
    has_bias: FLAG,
):
    """outputs = convolution + bias; weights are as `unit_weights` leaves them.

    `high` and `wide` are the size of outputs, `tall` and `broad` the kernel's, `top`
    and `left` the padding.

    Stands for
        Conv2d.forward, and d_inputs of Conv2d.backward (turned weights)
    """
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
    turned: scratch(at(OCTETS), TURN_BYTES),
    taps: SIZE,
    outs: SIZE,
    channels: SIZE,
):
    """(taps, outputs, channels) in parts: (outputs by the 32, taps, channels)."""
    size = channels // SIDE * UNIT_BYTES
    for tap in range(taps):
        for out in range(0, outs, SIDE):
            source = weights + 4 * (tap * outs + out) * channels
            target = packed + (out // SIDE * taps + tap) * size
            pack(source, 4 * channels, True, True, SIDE, channels, target, turned)


@kernel
def pack_examples(source, line_bytes, lines, width, turns, target, positions, scratch):
    """A row of pixels along their examples: units (lines by the 32, positions)."""
    for line in range(0, lines, EDGE):
        half = line % SIDE // EDGE * REGISTER_BYTES
        first = target + line // SIDE * positions * UNIT_BYTES + half
        start = source + line * line_bytes
        for x in range(width):
            at, to = start + x * PANEL_BYTES, first + x * UNIT_BYTES
            pack_half(at, line_bytes, True, EDGE, STEP, turns, to, scratch)


@kernel
def add_taps(table, runs, adds, sizes, d_weight):
    """The gradients of one row of a kernel's taps, from some rows of pixels."""
    broad, channels, outs, wide, positions = sizes
    row = 4 * channels
    for q in range(broad):
        for channel in range(0, channels, SIDE):
            right = (channel // SIDE * positions + q) * UNIT_BYTES
            for out in range(0, outs, SIDE):
                left = out // SIDE * wide * UNIT_BYTES
                place = d_weight + (q * outs + out) * row + 4 * channel
                if adds:
                    matrix_runs(1, table, runs, wide, left, right, place, row)
                else:
                    matrix_runs(0, table, runs, wide, left, right, place, row)


@kernel_entry(operations=work, by_unit=True)
def unit_gradient(
    d_outputs: reads(at(FLOATS), results),
    inputs: reads(at(FLOATS), pictures),
    d_weight: writes(at(FLOATS), weight_size),
    table: scratch(
        at(OCTETS),
        lambda channels, outs, wide, tall, broad, together: gradient_scratch_bytes(
            (channels, outs), wide, (tall, broad), together
        ),
    ),
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    outs: SIZE,
    high: SIZE,
    wide: SIZE,
    tall: SIZE,
    broad: SIZE,
    top: SIZE,
    left: SIZE,
    together: SIZE,
):
    """d_weight of one tile, (taps, outputs, channels); `together` rows at once.

    Stands for
        d_weight of Conv2d.backward
    """
    positions, count = wide + broad - 1, together + tall - 1
    line, d_line = width * PANEL_BYTES, wide * PANEL_BYTES
    row_bytes = channels // SIDE * positions * UNIT_BYTES
    d_row_bytes = outs // SIDE * wide * UNIT_BYTES
    tap_row = broad * outs * channels
    turned = table + TABLE_BYTES
    slots = turned + TURN_BYTES
    d_slots = slots + count * row_bytes
    rows_of_units = count * (channels // SIDE)
    edge, middle = left * UNIT_BYTES, width * UNIT_BYTES
    clear_edges(slots, rows_of_units, positions * UNIT_BYTES, edge, middle)
    sizes = (broad, channels, outs, wide, positions)
    ready = 0
    begin_matrices()
    for r in range(tall):
        if max(0, top - r) >= min(high, height + top - r):  # meets no row of inputs
            carray(float_pointer(d_weight + 4 * r * tap_row), (tap_row,))[:] = 0
    for y in range(0, high, together):
        rows = min(together, high - y)
        while ready < min(height, y + rows - 1 - top + tall):
            source, to = inputs + ready * line, slots + ready % count * row_bytes + edge
            area = height * line
            pack_examples(source, area, channels, width, True, to, positions, turned)
            ready += 1
        for row in range(rows):
            source, to = d_outputs + (y + row) * d_line, d_slots + row * d_row_bytes
            pack_examples(source, high * d_line, outs, wide, False, to, wide, turned)
        for r in range(tall):
            first, last = max(0, top - r - y), min(rows, height + top - r - y)
            for row in range(first, last):
                entry, slot = table + 2 * WORD * (row - first), y + row - top + r
                store_long(entry, d_slots + row * d_row_bytes)
                store_long(entry + WORD, slots + slot % count * row_bytes)
            if last > first:
                adds = y > 0 and y > top - r  # rows before these have been there
                add_taps(table, last - first, adds, sizes, d_weight + 4 * r * tap_row)
    end_matrices()


@kernel_entry()
def unit_sum(
    parts: reads(
        at(FLOATS),
        lambda taps, outs, rows, channels, tiles, size: Span(
            0,
            (tiles - 1) * size // 4 + ((taps - 1) * outs + rows) * channels,
            tiles * taps * rows * channels,
        ),
    ),
    d_weight: writes(FLOATS, times("rows", "channels", "taps")),
    taps: SIZE,
    outs: SIZE,
    rows: SIZE,
    channels: SIZE,
    tiles: SIZE,
    size: SIZE,
):
    """d_weight: the sum over tiles, in their order, of some rows of all outputs.

    A tile's part is (taps, outputs, channels), `size` bytes from the next.
    """
    for row in range(rows):
        for tap in range(taps):
            start = parts + 4 * (tap * outs + row) * channels
            first = carray(float_pointer(start), (channels,))
            place = row * channels * taps + tap
            for channel in range(channels):
                d_weight[place + channel * taps] = first[channel]
            for part in range(1, tiles):
                more = carray(float_pointer(start + part * size), (channels,))
                for channel in range(channels):
                    d_weight[place + channel * taps] += more[channel]
