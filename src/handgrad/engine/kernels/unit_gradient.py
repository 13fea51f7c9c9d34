"""The gradient of a convolution's weights on the matrix unit, tile by tile.

    d_weight[o, c, r, q] = sum over examples, y, x of
                           d_outputs[o, y, x] * inputs[c, y + r - top, x + q - left]

Rows of pixels of both are packed along their examples, into slots as in the forward
pass; the taps of a kernel's row are runs that start one pixel apart.
"""

from numba import carray

from handgrad.engine.kernels.amx import (
    EDGE,
    REGISTER_BYTES,
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_runs,
)
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, pack_half
from handgrad.engine.kernels.convolution_matrices import (
    PICTURES,
    RESULTS,
    SIZES,
    TABLE_BYTES,
    WORD,
    WORK,
    clear_edges,
)
from handgrad.engine.kernels.declaration import (
    FLOATS,
    OCTETS,
    SIZE,
    Sizes,
    Span,
    at,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer, store_long
from handgrad.engine.kernels.panels import PANEL_BYTES


def gradient_scratch_bytes(
    sizes: tuple[int, int], out_width: int, kernel: tuple[int, int], together: int
) -> int:
    """Bytes of scratch that `unit_gradient` needs; sizes are channels and outputs."""
    channels, outs = (size // SIDE * UNIT_BYTES for size in sizes)
    rows = (together + kernel[0] - 1) * (out_width + kernel[1] - 1) * channels
    return TABLE_BYTES + TRANSPOSE_BYTES + rows + together * out_width * outs


@kernel
def pack_examples(
    source, line_bytes, lines, width, transposes, target, positions, scratch
):
    """Pack a row of pixels along examples: units (blocks of 32 lines, positions)."""
    for line in range(0, lines, EDGE):
        half = line % SIDE // EDGE * REGISTER_BYTES
        first = target + line // SIDE * positions * UNIT_BYTES + half
        start = source + line * line_bytes
        for x in range(width):
            at, to = start + x * PANEL_BYTES, first + x * UNIT_BYTES
            pack_half(at, line_bytes, True, EDGE, STEP, transposes, to, scratch)


@kernel
def add_taps(table, runs, adds, sizes, d_weight):
    """Gradients of one row of a kernel's taps, from some rows of pixels."""
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


@kernel_entry(operations=WORK, by_unit=True)
def unit_gradient(
    d_outputs: reads(at(FLOATS), RESULTS),
    inputs: reads(at(FLOATS), PICTURES),
    d_weight: writes(at(FLOATS), times("tall", "broad", "outs", "channels")),
    table: scratch(
        at(OCTETS),
        lambda channels, outs, wide, tall, broad, together: gradient_scratch_bytes(
            (channels, outs), wide, (tall, broad), together
        ),
    ),
    shape: Sizes(" ".join(SIZES)),
    together: SIZE,
):
    """d_weight of one tile, (taps, outputs, channels); `together` rows at once.

    Stands for
        d_weight of Conv2d.backward
    """
    channels, height, width, outs, high, wide, tall, broad, top, left = shape
    positions, count = wide + broad - 1, together + tall - 1
    line, d_line = width * PANEL_BYTES, wide * PANEL_BYTES
    row_bytes = channels // SIDE * positions * UNIT_BYTES
    d_row_bytes = outs // SIDE * wide * UNIT_BYTES
    tap_row = broad * outs * channels
    transposed = table + TABLE_BYTES
    slots = transposed + TRANSPOSE_BYTES
    d_slots = slots + count * row_bytes
    rows_of_units = count * (channels // SIDE)
    edge, middle = left * UNIT_BYTES, width * UNIT_BYTES
    clear_edges(slots, rows_of_units, positions * UNIT_BYTES, edge, middle)
    sizes = (broad, channels, outs, wide, positions)
    ready = 0
    begin_matrices()
    for r in range(tall):
        if max(0, top - r) >= min(high, height + top - r):  # reads no row of inputs
            carray(float_pointer(d_weight + 4 * r * tap_row), (tap_row,))[:] = 0
    for y in range(0, high, together):
        rows = min(together, high - y)
        while ready < min(height, y + rows - 1 - top + tall):
            source, to = inputs + ready * line, slots + ready % count * row_bytes + edge
            area = height * line
            pack_examples(
                source, area, channels, width, True, to, positions, transposed
            )
            ready += 1
        for row in range(rows):
            source, to = d_outputs + (y + row) * d_line, d_slots + row * d_row_bytes
            pack_examples(
                source, high * d_line, outs, wide, False, to, wide, transposed
            )
        for r in range(tall):
            first, last = max(0, top - r - y), min(rows, height + top - r - y)
            for row in range(first, last):
                entry, slot = table + 2 * WORD * (row - first), y + row - top + r
                store_long(entry, d_slots + row * d_row_bytes)
                store_long(entry + WORD, slots + slot % count * row_bytes)
            if last > first:
                adds = y > 0 and y > top - r  # rows before these were added
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
    sizes: Sizes("taps outs rows channels tiles size"),
):
    """d_weight = sum over tiles, in their order, for some rows of the outputs.

    A tile's part is (taps, outputs, channels), `size` bytes from the next.
    """
    taps, outs, rows, channels, tiles, size = sizes
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
