"""3 x 3 convolutions of many channels by Winograd's algorithm, over one tile.

A tile of an image (4 x 4 outputs, 6 x 6 inputs) has 36 points a channel. A convolution
is then 36 matrix products (by `convolution.taps_kernel`, with one tap), and the
gradient of the weights is 36 products over the whole batch, made here.

Layout: panels of 32 examples, (points, tiles of an image, channels, 32), so that each
product reads its inputs contiguously.
"""

import numpy as np

from handgrad.engine.kernels.convolution import FLOAT, floats_around, floats_from
from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    SHORTS,
    SIZE,
    Sizes,
    at,
    matrix,
    reads,
    scratch,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.panels import PANEL, PANEL_BYTES, panels_block
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.simd_blocks import transpose_block
from handgrad.engine.kernels.winograd_transforms import (
    D_WEIGHTS,
    MASK_BYTES,
    MATRICES,
    POINTS,
    TAPS,
    sandwich,
)

SQUARE = TAPS * TAPS


def squares(side, masks, places, strides, channels, vectors):
    """The range of squares at every place, where masks are set.

    A place is (offset, offset of its masks), in bytes, as strides are: from channel to
    channel, row to row, column to column.
    """
    channel, row, column = strides
    steps = np.arange(side)
    offsets = places[:, :1] + (steps[:, None] * row + steps * column).reshape(-1)
    which = places[:, 1:] // MASK_BYTES + np.arange(side * side)
    bits = masks.view(np.uint16)[which]
    ends = offsets + FLOAT * np.frexp(bits.astype(np.float64))[1]
    behind = (channels - 1) * channel + (vectors - 1) * VECTOR_BYTES
    is_open = bits != 0
    return floats_from(offsets[is_open].min(), ends[is_open].max() + behind)


@kernel_family
def transform_kernel(kind: int) -> Kernel:
    """Transform squares of every channel and place to or from the points.

    A place is (source offset, target offset, source masks' offset, target masks'), in
    bytes; strides of source and target are from channel to channel, row to row, column
    to column.

    Why
        strides are loaded where they are used: held in registers, they and all that is
        derived from them spill (10 to 20 % slower)
    """
    size, made = len(MATRICES[kind][0]), len(MATRICES[kind])

    @kernel_entry(
        bytes_moved=times(
            *("count", "channels", "vectors", VECTOR_BYTES, size**2 + made**2)
        )
    )
    def winograd_transform(
        source: reads(
            at(FLOATS),
            lambda masks, places, channels, vectors, source_strides: squares(
                *(size, masks, places.reshape(-1, 4)[:, ::2], source_strides),
                *(channels, vectors),
            ),
        ),
        target: writes(
            at(FLOATS),
            lambda masks, places, channels, vectors, target_strides: squares(
                *(made, masks, places.reshape(-1, 4)[:, 1::2], target_strides),
                *(channels, vectors),
            ),
        ),
        places: reads(LONGS, times(4, "count")),
        masks: reads(
            at(SHORTS),
            lambda places: max(
                int(places[2::4].max()) // MASK_BYTES + size**2,
                int(places[3::4].max()) // MASK_BYTES + made**2,
            ),
        ),
        start: reads(at(FLOATS), matrix("channels", 1, "start_stride", item=FLOAT)),
        sizes: Sizes("count channels vectors"),
        source_strides: reads(LONGS, 3),
        target_strides: reads(LONGS, 3),
        start_stride: SIZE,
    ):
        count, channels, vectors = sizes
        for place in range(count):
            for channel in range(channels):
                for vector in range(vectors):
                    along = vector * VECTOR_BYTES
                    there = channel * source_strides[0] + along
                    here = channel * target_strides[0] + along
                    sandwich(
                        kind,
                        source + places[4 * place] + there,
                        source_strides[1],
                        source_strides[2],
                        masks + places[4 * place + 2],
                        target + places[4 * place + 1] + here,
                        target_strides[1],
                        target_strides[2],
                        masks + places[4 * place + 3],
                        start + channel * start_stride,
                    )

    return winograd_transform


@kernel_family
def gradient_kernel(outs: int, vectors: int, *, goes_on: bool = False) -> Kernel:
    """d_points[k, c] = sum over panels and examples of d_outputs[k] * inputs[c].

    A panel is (offset in d_outputs, offset in inputs), in bytes; there are `blocks` of
    `outs` outputs and `groups` of 32 input channels, `vectors` of 16 at once. With
    `goes_on` the sum continues from d_points.

    Stands for
        d_weight of Conv2d.backward at one pair of points, for some input channels
    """
    adds = int(goes_on)

    @kernel_entry(
        operations=times(2, "blocks", outs, "groups", PANEL, "count", PANEL),
        bytes_moved=lambda count, blocks, groups: (
            count * PANEL_BYTES * (blocks * outs + groups * PANEL)
        ),
    )
    def winograd_gradient(
        d_outputs: reads(
            at(FLOATS),
            lambda panels, blocks: floats_around(
                panels[::2], blocks * outs * PANEL_BYTES
            ),
        ),
        inputs: reads(
            at(FLOATS),
            lambda panels, groups: floats_around(
                panels[1::2], groups * PANEL * PANEL_BYTES
            ),
        ),
        panels: reads(LONGS, times(2, "count")),
        transposed: scratch(at(FLOATS), times("groups", "count", PANEL, PANEL)),
        d_points: (updates if goes_on else writes)(
            at(FLOATS),
            matrix(("blocks", outs), ("groups", PANEL), "stride", item=FLOAT),
        ),
        sizes: Sizes("count blocks groups stride"),
    ):
        count, blocks, groups, stride = sizes
        size = PANEL * PANEL_BYTES
        for group in range(groups):
            for panel in range(count):
                source = inputs + panels[2 * panel + 1] + group * size
                target = transposed + (group * count + panel) * size
                for part in range(4):
                    row, along = part // 2 * LANES, part % 2 * LANES
                    from_ = source + row * PANEL_BYTES + 4 * along
                    to = target + along * PANEL_BYTES + 4 * row
                    transpose_block(from_, PANEL_BYTES, to, PANEL_BYTES)
        for block in range(blocks):
            left = d_outputs + block * outs * PANEL_BYTES
            out, pairs = d_points + block * outs * stride, panels.ctypes.data
            for group in range(groups):
                for along in range(0, PANEL_BYTES, vectors * VECTOR_BYTES):
                    right = transposed + group * count * size + along
                    place = out + group * PANEL_BYTES + along
                    panels_block(
                        outs, vectors, adds, left, pairs, count, right, place, stride
                    )

    return winograd_gradient


@kernel_entry()
def winograd_weight_gradient(
    d_points: reads(
        at(FLOATS),
        matrix(POINTS * POINTS, ("outputs", "channels"), "point", item=FLOAT),
    ),
    d_weight: writes(FLOATS, times("outputs", "channels", SQUARE)),
    square: scratch(FLOATS, SQUARE * LANES),
    masks: reads(at(SHORTS), POINTS * POINTS),
    zero: reads(at(FLOATS), 1),
    sizes: Sizes("outputs channels point"),
):
    """Transform d_weight from points, `point` bytes apart, to 3 x 3.

    Channels are a multiple of 16.
    """
    outputs, channels, point = sizes
    for first in range(0, outputs * channels, LANES):
        sandwich(
            D_WEIGHTS,
            d_points + 4 * first,
            POINTS * point,
            point,
            masks,
            square.ctypes.data,
            TAPS * VECTOR_BYTES,
            VECTOR_BYTES,
            masks,
            zero,
        )
        for lane in range(LANES):
            for tap in range(SQUARE):
                place = (first + lane) * SQUARE + tap
                d_weight[place] = square[tap * LANES + lane]
