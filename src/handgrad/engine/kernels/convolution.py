"""Convolution over one tile, for few channels: forward, both gradients, packing.

Layout: batch last. A picture is (channels, height, width, tile), so the examples of
one place lie side by side and every step of the sum works on whole registers. Weights
are packed so that the weights of one tap for a block of outputs lie side by side.

Sizes and offsets, in bytes, come from the tables of `lowering.convolution_tables`.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLOATS,
    INTEGERS,
    LONGS,
    SIZE,
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


def tap_edges(taps, places):
    """The least and the largest input offset of each place's taps."""
    lists, which = np.unique(places.reshape(-1, 4)[:, 2:], axis=0, return_inverse=True)
    offsets = taps.reshape(-1, 2)[:, 0]
    parts = [offsets[first : first + count] for first, count in lists.tolist()]
    edges = np.array([(part.min(), part.max()) for part in parts])
    return edges[which.reshape(-1)].T


def reach_of_inputs(taps, places, channels, in_stride, along):
    """From the first tap of any place to the last channel's last one."""
    starts = places.reshape(-1, 4)[:, 0]
    low, high = tap_edges(taps, places)
    behind = (channels - 1) * in_stride + along
    return floats_from((starts + low).min(), (starts + high).max() + behind)


@kernel_family
def taps_kernel(outs: int, vectors: int, *, has_one_tap: bool = False) -> Kernel:
    """Sums over channels and taps: the forward pass, and the gradient of the inputs.

    A place is (input offset, output offset, first tap, taps): one output pixel. Strides
    are from channel to channel, and from block of weights to block; `together` places
    share a block's weights before the next block has its turn. That there is one tap
    is known to the compiler, so that it makes one loop of two.

    Stands for
        Conv2d.forward, and d_inputs of Conv2d.backward (with turned weights and lists
        that leave out the padding)
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
            lambda taps, places, channels, in_stride, groups: reach_of_inputs(
                taps, places, channels, in_stride, groups * width
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
            lambda places, blocks, out_stride, groups: floats_from(
                places.reshape(-1, 4)[:, 1].min(),
                places.reshape(-1, 4)[:, 1].max()
                + (blocks * outs - 1) * out_stride
                + groups * width,
            ),
        ),
        taps: reads(
            at(LONGS),
            lambda places: 2 * int(places.reshape(-1, 4)[:, 2:].sum(axis=1).max()),
        ),
        places: reads(LONGS, times(4, "count")),
        count: SIZE,
        channels: SIZE,
        in_stride: SIZE,
        weight_stride: SIZE,
        blocks: SIZE,
        block_stride: SIZE,
        out_stride: SIZE,
        groups: SIZE,
        together: SIZE,
    ):
        for first in range(0, count, together):
            for block in range(blocks):
                for place in range(first, min(first + together, count)):
                    for group in range(groups):
                        along = group * vectors * VECTOR_BYTES
                        taps_block(
                            outs,
                            vectors,
                            inputs + places[4 * place] + along,
                            in_stride,
                            weights + block * block_stride,
                            weight_stride,
                            taps + 16 * places[4 * place + 2],
                            1 if has_one_tap else places[4 * place + 3],
                            channels,
                            bias + 4 * outs * block,
                            outputs
                            + places[4 * place + 1]
                            + block * outs * out_stride
                            + along,
                            out_stride,
                        )

    return convolution


@kernel_family
def dots_kernel(outs: int, taps: int) -> Kernel:
    """Sums over places and examples: the gradient of the weights, added to.

    A row is (offset in d_outputs, offset in inputs), of `run` vectors; strides are from
    channel to channel. `together` blocks of outputs stay in the cache while all
    channels pass.

    Stands for
        d_weight of Conv2d.backward
    """

    @kernel_entry(
        operations=times(
            2, "blocks", outs, "channels", "tap_blocks", taps, "count", "run", LANES
        )
    )
    def weight_gradient(
        d_outputs: reads(
            at(FLOATS),
            lambda rows, blocks, d_stride, run: floats_from(
                rows[::2].min(),
                rows[::2].max() + (blocks * outs - 1) * d_stride + run * VECTOR_BYTES,
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
        d_stride: SIZE,
        in_stride: SIZE,
        channels: SIZE,
        blocks: SIZE,
        tap_blocks: SIZE,
        count: SIZE,
        run: SIZE,
        together: SIZE,
    ):
        gradient_stride = 4 * channels * tap_blocks * taps
        for first_block in range(0, blocks, together):
            last_block = min(first_block + together, blocks)
            for channel in range(channels):
                for tap_block in range(tap_blocks):
                    first_tap = (channel * tap_blocks + tap_block) * taps
                    for block in range(first_block, last_block):
                        dots_block(
                            outs,
                            taps,
                            d_outputs + block * outs * d_stride,
                            d_stride,
                            inputs + channel * in_stride,
                            tap_offsets + 8 * tap_block * taps,
                            rows,
                            count,
                            run,
                            d_weight + block * outs * gradient_stride + 4 * first_tap,
                            gradient_stride,
                        )

    return weight_gradient


@kernel_entry(bytes_moved=times(2, FLOAT, "size"))
def pack(
    weight: reads(FLOATS, lambda order: int(order.max()) + 1),
    packed: writes(FLOATS, "size"),
    order: reads(INTEGERS, "size"),
    size: SIZE,
):
    """packed[i] = weight[order[i]], and 0 where the order says -1."""
    for place in range(size):
        source = order[place]
        packed[place] = weight[source] if source >= 0 else 0.0


@kernel_entry()
def border(
    inputs: reads(FLOATS, times("channels", "height", "width", "lanes")),
    outputs: writes(FLOATS, times("channels", "tall", "wide", "lanes")),
    channels: SIZE,
    height: SIZE,
    width: SIZE,
    tall: SIZE,
    wide: SIZE,
    top: SIZE,
    left: SIZE,
    lanes: SIZE,
):
    """Copy pictures, and zeros around them: the padding of Conv2d."""
    for channel in range(channels):
        for line in range(tall):
            row = (channel * tall + line) * wide * lanes
            is_inside = top <= line < top + height
            first = row + left * lanes if is_inside else row + wide * lanes
            outputs[row:first] = 0
            if is_inside:
                small = (channel * height + line - top) * width * lanes
                last = first + width * lanes
                outputs[first:last] = inputs[small : small + width * lanes]
                outputs[last : row + wide * lanes] = 0
