"""The products of Winograd's way through the matrix unit.

The weights at a pair of points are the left side, a window's panel (channels, 32) the
right one; in the gradient of the weights, the panels of both are, along the examples.
"""

from handgrad.engine.kernels.amx import (
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_block,
)
from handgrad.engine.kernels.entry import Entry, address_of, integer, longs
from handgrad.engine.kernels.matrices import FIRST_BYTES, multiply
from handgrad.engine.kernels.panels import PANEL_BYTES
from handgrad.engine.kernels.thirds import TURN_BYTES, pack, packed_bytes

BLOCK_BYTES = SIDE * PANEL_BYTES
TOGETHER = 8  # panels whose parts stay in a core's own cache


def _winograd_pack_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the weights at the points, in three parts.

    Arguments
        0 weights (blocks, channels, 32), 3 packed, 6 scratch; 9 blocks, 10 channels
    """
    weights = address_of(arguments, 0, tile, worker)
    packed = address_of(arguments, 3, tile, worker)
    scratch = address_of(arguments, 6, tile, worker)
    channels = integer(arguments, 10)
    size = (channels + STEP - 1) // STEP * UNIT_BYTES
    for block in range(integer(arguments, 9)):
        source = weights + block * channels * PANEL_BYTES
        target = packed + block * size
        pack(source, PANEL_BYTES, False, True, SIDE, channels, target, scratch)


def _winograd_products_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the products at every pair of points, window by window.

    Arguments
        0 points (cells, windows, channels, 32), 3 weights, packed, 6 outputs
        (cells, windows, blocks, 32, 32), 9 scratch
        12 cells, 13 windows, 14 channels, 15 blocks
    """
    points = address_of(arguments, 0, tile, worker)
    weights = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    scratch = address_of(arguments, 9, tile, worker)
    windows, channels = integer(arguments, 13), integer(arguments, 14)
    blocks = integer(arguments, 15)
    units = (channels + STEP - 1) // STEP
    right = scratch + TURN_BYTES
    begin_matrices()
    for cell in range(integer(arguments, 12)):
        for window in range(windows):
            place = cell * windows + window
            source = points + place * channels * PANEL_BYTES
            pack(source, PANEL_BYTES, False, False, SIDE, channels, right, scratch)
            for block in range(blocks):
                left = weights + (cell * blocks + block) * units * UNIT_BYTES
                out = outputs + (place * blocks + block) * BLOCK_BYTES
                matrix_block(0, left, right, units, out, PANEL_BYTES)
    end_matrices()


def _winograd_sum_entry(arguments: int, tile: int, worker: int) -> None:
    """d_points[k, c] = sum over panels and examples of d_outputs[k] * inputs[c].

    Stands for
        d_weight of Conv2d.backward at one pair of points

    Arguments
        0 d_outputs, 3 inputs, 6 panels (array), 9 scratch, 12 d_points
        15 panel count, 16 outputs, 17 input channels (by the 32)

    A panel is (offset in d_outputs, offset in inputs).
    """
    d_outputs = address_of(arguments, 0, tile, worker)
    inputs = address_of(arguments, 3, tile, worker)
    scratch = address_of(arguments, 9, tile, worker)
    d_points = address_of(arguments, 12, tile, worker)
    count, outputs = integer(arguments, 15), integer(arguments, 16)
    channels = integer(arguments, 17)
    panels = longs(arguments, 6, tile, worker, 2 * count)
    right = scratch + FIRST_BYTES
    left, corner = right + TOGETHER * UNIT_BYTES, scratch + TURN_BYTES
    begin_matrices()
    for first in range(0, count, TOGETHER):
        here = min(TOGETHER, count - first)
        for panel in range(here):
            source = d_outputs + panels[2 * (first + panel)]
            for out in range(0, outputs, SIDE):
                start, few = source + out * PANEL_BYTES, min(SIDE, outputs - out)
                target = left + (out // SIDE * here + panel) * UNIT_BYTES
                pack(start, PANEL_BYTES, True, True, few, STEP, target, scratch)
        for channel in range(0, channels, SIDE):
            for panel in range(here):
                source = inputs + panels[2 * (first + panel) + 1]
                start = source + channel * PANEL_BYTES
                target = right + panel * UNIT_BYTES
                pack(start, PANEL_BYTES, True, False, SIDE, STEP, target, scratch)
            multiply(
                left,
                right,
                d_points + 4 * channel,
                4 * channels,
                outputs,
                SIDE,
                here * STEP,
                first > 0,
                corner,
            )
    end_matrices()


def products_scratch_bytes(channels: int) -> int:
    """What `winograd_products_entry` needs."""
    return TURN_BYTES + packed_bytes(SIDE, channels)


def sum_scratch_bytes(outputs: int) -> int:
    """What `winograd_sum_entry` needs."""
    return FIRST_BYTES + packed_bytes(SIDE + outputs, TOGETHER * STEP)


winograd_pack_entry = Entry(_winograd_pack_entry)
winograd_products_entry = Entry(_winograd_products_entry, by_unit=True)
winograd_sum_entry = Entry(_winograd_sum_entry, by_unit=True)
