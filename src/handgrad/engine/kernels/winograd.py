"""3 x 3 convolutions of many channels by Winograd's way, over one tile.

Every window of a picture becomes 36 numbers a channel, one for each pair of points. A
convolution is then 36 matrix products (`convolution.taps_entry` makes them, with one
tap), and the gradient of the weights is 36 products over the whole batch, made here.

Layout: panels of a tile's 32 examples, (points, windows, channels, 32), so that each
product reads its inputs side by side.
"""

from functools import cache

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    longs,
)
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES, panels_block
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.sandwich import D_WEIGHTS, TAPS, sandwich
from handgrad.engine.kernels.vector import transpose_block

SQUARE = TAPS * TAPS


@cache
def turn_entry(kind: int) -> Entry:
    """Squares of every channel and window, turned to or from the points.

    Arguments
        0 source, 3 target, 6 places, 9 masks, 12 start (arrays)
        15 place count, 16 channels, 17 vectors
        18 source channel stride, 19 row, 20 column; 21 target channel stride, 22 row,
        23 column; 24 start stride

    A place is (source offset, target offset, source masks' offset, target masks').
    """

    def winograd_turn_entry(arguments: int, tile: int, worker: int) -> None:
        source = address_of(arguments, 0, tile, worker)
        target = address_of(arguments, 3, tile, worker)
        count = integer(arguments, 15)
        places = longs(arguments, 6, tile, worker, 4 * count)
        masks = address_of(arguments, 9, tile, worker)
        start = address_of(arguments, 12, tile, worker)
        for place in range(count):
            for channel in range(integer(arguments, 16)):
                for vector in range(integer(arguments, 17)):
                    along = vector * VECTOR_BYTES
                    sandwich(
                        kind,
                        source
                        + places[4 * place]
                        + channel * integer(arguments, 18)
                        + along,
                        integer(arguments, 19),
                        integer(arguments, 20),
                        masks + places[4 * place + 2],
                        target
                        + places[4 * place + 1]
                        + channel * integer(arguments, 21)
                        + along,
                        integer(arguments, 22),
                        integer(arguments, 23),
                        masks + places[4 * place + 3],
                        start + channel * integer(arguments, 24),
                    )

    return Entry(winograd_turn_entry)


@cache
def gradient_entry(outs: int) -> Entry:
    """d_points[k, c] = sum over panels and examples of d_outputs[k] * inputs[c].

    Stands for
        d_weight of Conv2d.backward at one pair of points, for some input channels

    Arguments
        0 d_outputs, 3 inputs, 6 panels, 9 scratch, 12 d_points (arrays)
        15 panel count, 16 blocks of `outs` outputs, 17 blocks of 32 input channels,
        18 stride of d_points

    A panel is (offset in d_outputs, offset in inputs).
    """

    def winograd_gradient_entry(arguments: int, tile: int, worker: int) -> None:
        d_outputs = address_of(arguments, 0, tile, worker)
        inputs = address_of(arguments, 3, tile, worker)
        table = address_of(arguments, 6, tile, worker)
        turned = address_of(arguments, 9, tile, worker)
        d_points = address_of(arguments, 12, tile, worker)
        count, stride = integer(arguments, 15), integer(arguments, 18)
        panels = longs(arguments, 6, tile, worker, 2 * count)
        groups = integer(arguments, 17)
        size = PANEL * PANEL_BYTES
        for group in range(groups):
            for panel in range(count):
                source = inputs + panels[2 * panel + 1] + group * size
                target = turned + (group * count + panel) * size
                for part in range(4):
                    channels, examples = part // 2, part % 2
                    transpose_block(
                        source
                        + channels * LANES * PANEL_BYTES
                        + examples * VECTOR_BYTES,
                        PANEL_BYTES,
                        target
                        + examples * LANES * PANEL_BYTES
                        + channels * VECTOR_BYTES,
                        PANEL_BYTES,
                    )
        for block in range(integer(arguments, 16)):
            for group in range(groups):
                panels_block(
                    outs,
                    d_outputs + block * outs * PANEL_BYTES,
                    table,
                    count,
                    turned + group * count * size,
                    d_points + block * outs * stride + group * PANEL_BYTES,
                    stride,
                )

    return Entry(winograd_gradient_entry)


def _weight_gradient_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the end of d_weight: from points to 3 x 3, and into its place.

    Arguments
        0 d_points (points, outputs, channels), 3 d_weight, 6 scratch, 9 masks, 12 zero
        15 outputs, 16 channels, 17 stride from point to point
    """
    d_points = address_of(arguments, 0, tile, worker)
    outputs, channels = integer(arguments, 15), integer(arguments, 16)
    point = integer(arguments, 17)
    d_weight = floats(arguments, 3, tile, worker, outputs * channels * SQUARE)
    scratch = floats(arguments, 6, tile, worker, SQUARE * LANES)
    for first in range(0, outputs * channels, LANES):
        sandwich(
            D_WEIGHTS,
            d_points + 4 * first,
            6 * point,
            point,
            address_of(arguments, 9, tile, worker),
            address_of(arguments, 6, tile, worker),
            TAPS * VECTOR_BYTES,
            VECTOR_BYTES,
            address_of(arguments, 9, tile, worker),
            address_of(arguments, 12, tile, worker),
        )
        for lane in range(LANES):
            for tap in range(SQUARE):
                place = (first + lane) * SQUARE + tap
                d_weight[place] = scratch[tap * LANES + lane]


weight_gradient_entry = Entry(_weight_gradient_entry)
