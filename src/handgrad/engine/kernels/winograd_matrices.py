"""The products of Winograd convolution on the matrix unit.

The left operand is the weights at a pair of points, the right one a panel (channels,
32). In the gradient of the weights both are panels, summed along the examples.
"""

from handgrad.engine.kernels.amx import (
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_block,
)
from handgrad.engine.kernels.amx_products import FIRST_BYTES, multiply
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, pack, packed_bytes
from handgrad.engine.kernels.convolution import floats_around
from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    OCTETS,
    Sizes,
    at,
    by,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.panels import PANEL_BYTES

BLOCK_BYTES = SIDE * PANEL_BYTES
TOGETHER = 8  # panels whose parts stay in a core's own cache


def products_scratch_bytes(channels: int) -> int:
    """Bytes of scratch that `winograd_products` needs."""
    return TRANSPOSE_BYTES + packed_bytes(SIDE, channels)


def sum_scratch_bytes(outputs: int) -> int:
    """Bytes of scratch that `winograd_sum` needs."""
    return FIRST_BYTES + packed_bytes(SIDE + outputs, TOGETHER * STEP)


@kernel_entry()
def winograd_pack(
    weights: reads(at(FLOATS), times("blocks", "channels", SIDE)),
    packed: writes(
        at(OCTETS), lambda blocks, channels: blocks * packed_bytes(SIDE, channels)
    ),
    transposed: scratch(at(OCTETS), TRANSPOSE_BYTES),
    sizes: Sizes("blocks channels"),
):
    """Pack the weights at the points, (blocks, channels, 32)."""
    blocks, channels = sizes
    size = (channels + STEP - 1) // STEP * UNIT_BYTES
    for block in range(blocks):
        source = weights + block * channels * PANEL_BYTES
        target = packed + block * size
        pack(source, PANEL_BYTES, False, True, SIDE, channels, target, transposed)


@kernel_entry(
    operations=times(2, "cells", "windows", "blocks", SIDE, "channels", SIDE),
    by_unit=True,
)
def winograd_products(
    points: reads(at(FLOATS), times("cells", "windows", "channels", SIDE)),
    weights: reads(
        at(OCTETS),
        lambda cells, blocks, channels: cells * blocks * packed_bytes(SIDE, channels),
    ),
    outputs: writes(at(FLOATS), times("cells", "windows", "blocks", SIDE, SIDE)),
    parts: scratch(at(OCTETS), by(products_scratch_bytes, "channels")),
    sizes: Sizes("cells windows channels blocks"),
):
    """The products at every pair of points (cell) and every tile (window).

    Shapes
        points   (cells, windows, channels, 32)
        weights  packed by `winograd_pack`
        outputs  (cells, windows, blocks, 32, 32)
    """
    cells, windows, channels, blocks = sizes
    units = (channels + STEP - 1) // STEP
    right = parts + TRANSPOSE_BYTES
    begin_matrices()
    for cell in range(cells):
        for window in range(windows):
            place = cell * windows + window
            source = points + place * channels * PANEL_BYTES
            pack(source, PANEL_BYTES, False, False, SIDE, channels, right, parts)
            for block in range(blocks):
                left = weights + (cell * blocks + block) * units * UNIT_BYTES
                out = outputs + (place * blocks + block) * BLOCK_BYTES
                matrix_block(0, left, right, units, out, PANEL_BYTES)
    end_matrices()


@kernel_entry(
    operations=times(2, "outputs", "channels", "count", STEP),
    bytes_moved=lambda count, outputs, channels: (
        PANEL_BYTES * count * (outputs + channels)
    ),
    by_unit=True,
)
def winograd_sum(
    d_outputs: reads(
        at(FLOATS),
        lambda panels, outputs: floats_around(panels[::2], outputs * PANEL_BYTES),
    ),
    inputs: reads(
        at(FLOATS),
        lambda panels, channels: floats_around(panels[1::2], channels * PANEL_BYTES),
    ),
    panels: reads(LONGS, times(2, "count")),
    parts: scratch(at(OCTETS), by(sum_scratch_bytes, "outputs")),
    d_points: writes(at(FLOATS), times("outputs", "channels")),
    sizes: Sizes("count outputs channels"),
):
    """d_points[k, c] = sum over panels and examples of d_outputs[k] * inputs[c].

    A panel is (offset in d_outputs, offset in inputs); channels are a multiple of 32.

    Stands for
        d_weight of Conv2d.backward at one pair of points
    """
    count, outputs, channels = sizes
    right = parts + FIRST_BYTES
    left, corner = right + TOGETHER * UNIT_BYTES, parts + TRANSPOSE_BYTES
    begin_matrices()
    for first in range(0, count, TOGETHER):
        here = min(TOGETHER, count - first)
        for panel in range(here):
            source = d_outputs + panels[2 * (first + panel)]
            for out in range(0, outputs, SIDE):
                start, few = source + out * PANEL_BYTES, min(SIDE, outputs - out)
                target = left + (out // SIDE * here + panel) * UNIT_BYTES
                pack(start, PANEL_BYTES, True, True, few, STEP, target, parts)
        for channel in range(0, channels, SIDE):
            for panel in range(here):
                source = inputs + panels[2 * (first + panel) + 1]
                start = source + channel * PANEL_BYTES
                target = right + panel * UNIT_BYTES
                pack(start, PANEL_BYTES, True, False, SIDE, STEP, target, parts)
            to, row, steps = d_points + 4 * channel, 4 * channels, here * STEP
            multiply(left, right, to, row, outputs, SIDE, steps, first > 0, corner)
    end_matrices()
