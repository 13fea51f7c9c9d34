"""Convolution of few channels over one tile: forward, gradients, packing of weights.

Layout: batch last. An image is (channels, height, width, tile), so the examples of one
pixel are contiguous and every step of a sum works on whole registers. The packed
weights of one tap for a block of outputs are contiguous.

Sizes and offsets, in bytes, come from the tables of `lowering.convolution_tables`.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLOATS,
    INTEGERS,
    LONGS,
    SIZE,
    Sizes,
    Span,
    at,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.simd_blocks import dots_block, taps_block

FLOAT = 4  # bytes


def floats_from(low, high):
    """A span from a least offset in bytes up to a largest one."""
    return Span(int(low) // FLOAT, int(high) // FLOAT, int(high - low) // FLOAT)


def floats_around(offsets, behind):
    """A span from the least of some offsets to `behind` bytes after the largest."""
    return floats_from(offsets.min(), offsets.max() + behind)


def tap_edges(taps, places):
    """The least and the largest input offset of each place's taps."""
    lists, which = np.unique(places.reshape(-1, 4)[:, 2:], axis=0, return_inverse=True)
    offsets = taps.reshape(-1, 2)[:, 0]
    parts = [offsets[first : first + count] for first, count in lists.tolist()]
    edges = np.array([(part.min(), part.max()) for part in parts])
    return edges[which.reshape(-1)].T


def touched_inputs(taps, places, behind):
    """From the first tap of any place to `behind` bytes after the last one."""
    starts = places.reshape(-1, 4)[:, 0]
    low, high = tap_edges(taps, places)
    return floats_from((starts + low).min(), (starts + high).max() + behind)


@kernel_family
def taps_kernel(outs: int, vectors: int, *, has_one_tap: bool = False) -> Kernel:
    """Sums over channels and taps: the forward pass, and the gradient of the inputs.

    A place is (input offset, output offset, first tap, taps): one output pixel. Strides
    are from channel to channel, and from block to block of weights.

    Stands for
        Conv2d.forward, and d_inputs of Conv2d.backward (with transposed weights and
        tables without the padding)

    Why
        `together` places use a block of weights before the next block is read; a
        constant number of taps lets the compiler join two loops
    """
    width = vectors * VECTOR_BYTES

    @kernel_entry(
        operations=lambda places, channels, blocks, groups: (
            2
            * int(places.reshape(-1, 4)[:, 3].sum())
            * (channels * blocks * outs * groups * vectors * LANES)
        )
    )
    def convolution(
        inputs: reads(
            at(FLOATS),
            lambda taps, places, channels, in_stride, groups: touched_inputs(
                taps, places, (channels - 1) * in_stride + groups * width
            ),
        ),
        weights: reads(
            at(FLOATS),
            lambda taps, blocks, block_stride, channels, weight_stride: floats_from(
                0,
                (blocks - 1) * block_stride
                + (channels - 1) * weight_stride
                + taps.reshape(-1, 2)[:, 1].max()
                + FLOAT * outs,
            ),
        ),
        bias: reads(at(FLOATS), times(outs, "blocks")),
        outputs: writes(
            at(FLOATS),
            lambda places, blocks, out_stride, groups: floats_around(
                places[1::4], (blocks * outs - 1) * out_stride + groups * width
            ),
        ),
        taps: reads(
            at(LONGS), lambda places: 2 * int((places[2::4] + places[3::4]).max())
        ),
        places: reads(LONGS, times(4, "count")),
        sizes: Sizes(
            "count channels in_stride weight_stride blocks block_stride out_stride "
            "groups together"
        ),
    ):
        count, channels, in_stride, weight_stride, blocks = sizes[:5]
        block_stride, out_stride, groups, together = sizes[5:]
        for first in range(0, count, together):
            for block in range(blocks):
                start = bias + 4 * outs * block
                w, below = weights + block * block_stride, block * outs * out_stride
                for place in range(first, min(first + together, count)):
                    list_, length = taps + 16 * places[4 * place + 2], 1
                    if not has_one_tap:
                        length = places[4 * place + 3]
                    for group in range(groups):
                        along = group * width
                        x = inputs + places[4 * place] + along
                        y = outputs + places[4 * place + 1] + below + along
                        taps_block(
                            outs,
                            vectors,
                            x,
                            in_stride,
                            w,
                            weight_stride,
                            list_,
                            length,
                            channels,
                            start,
                            y,
                            out_stride,
                        )

    return convolution


@kernel_family
def dots_kernel(outs: int, taps: int) -> Kernel:
    """Sums over places and examples: the gradient of the weights, added to.

    A row is (offset in d_outputs, offset in inputs), of `run` vectors; strides are from
    channel to channel.

    Stands for
        d_weight of Conv2d.backward

    Why
        `together` blocks of outputs stay in the cache while all channels are read
    """

    @kernel_entry(
        operations=times(
            2, "blocks", outs, "channels", "tap_blocks", taps, "count", "run", LANES
        )
    )
    def weight_gradient(
        d_outputs: reads(
            at(FLOATS),
            lambda rows, blocks, d_stride, run: floats_around(
                rows[::2], (blocks * outs - 1) * d_stride + run * VECTOR_BYTES
            ),
        ),
        inputs: reads(
            at(FLOATS),
            lambda rows, tap_offsets, channels, in_stride, run: floats_from(
                rows[1::2].min() + tap_offsets.min(),
                rows[1::2].max()
                + tap_offsets.max()
                + (channels - 1) * in_stride
                + run * VECTOR_BYTES,
            ),
        ),
        tap_offsets: reads(at(LONGS), times("tap_blocks", taps)),
        rows: reads(at(LONGS), times(2, "count")),
        d_weight: updates(
            at(FLOATS), times("blocks", outs, "channels", "tap_blocks", taps)
        ),
        sizes: Sizes(
            "d_stride in_stride channels blocks tap_blocks count run together"
        ),
    ):
        d_stride, in_stride, channels, blocks, tap_blocks, count, run, together = sizes
        stride = 4 * channels * tap_blocks * taps
        for first_block in range(0, blocks, together):
            last_block = min(first_block + together, blocks)
            for channel in range(channels):
                x = inputs + channel * in_stride
                for tap_block in range(tap_blocks):
                    first_tap = (channel * tap_blocks + tap_block) * taps
                    offsets = tap_offsets + 8 * tap_block * taps
                    for block in range(first_block, last_block):
                        d = d_outputs + block * outs * d_stride
                        place = d_weight + block * outs * stride + 4 * first_tap
                        dots_block(
                            outs,
                            taps,
                            d,
                            d_stride,
                            x,
                            offsets,
                            rows,
                            count,
                            run,
                            place,
                            stride,
                        )

    return weight_gradient


@kernel_entry(bytes_moved=times(2, FLOAT, "size"))
def pack(
    weight: reads(FLOATS, lambda order: int(order.max()) + 1),
    packed: writes(FLOATS, "size"),
    order: reads(INTEGERS, "size"),
    size: SIZE,
):
    """packed[i] = weight[order[i]], and 0 where order is -1."""
    for place in range(size):
        source = order[place]
        packed[place] = weight[source] if source >= 0 else 0.0


@kernel_entry()
def border(
    inputs: reads(FLOATS, times("channels", "height", "width", "lanes")),
    outputs: writes(FLOATS, times("channels", "tall", "wide", "lanes")),
    sizes: Sizes("channels height width tall wide top left lanes"),
):
    """Copy images into a border of zeros: the padding of Conv2d."""
    channels, height, width, tall, wide, top, left, lanes = sizes
    for channel in range(channels):
        for line in range(tall):
            row = (channel * tall + line) * wide * lanes
            is_inside = top <= line < top + height
            first = row + left * lanes if is_inside else row + wide * lanes
            outputs[row:first] = 0
            if is_inside:
                small = (channel * height + line - top) * width * lanes
                last = first + width * lanes
                for place in range(width * lanes):
                    outputs[first + place] = inputs[small + place]
                outputs[last : row + wide * lanes] = 0
