"""Convolution over one tile, for few channels: forward, both gradients, packing.

Layout: batch last. A picture is (channels, height, width, tile), so the examples of
one place lie side by side and every step of the sum works on whole registers. Weights
are packed so that the weights of one tap for a block of outputs lie side by side.

Sizes and offsets come in tables that `engine.geometry` makes; all are in bytes.
"""

from functools import cache

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
    longs,
)
from handgrad.engine.kernels.registers import VECTOR_BYTES
from handgrad.engine.kernels.vector import dots_block, taps_block


@cache
def taps_entry(outs: int, vectors: int) -> Entry:
    """Sums over channels and taps: the forward pass, and the gradient of the inputs.

    Stands for
        Conv2d.forward, and d_inputs of Conv2d.backward (with turned weights and lists
        that leave out the padding)

    Arguments
        0 inputs, 3 weights, 6 bias, 9 outputs, 12 taps, 15 places (arrays)
        18 place count, 19 channels, 20 input channel stride, 21 weight channel stride,
        22 blocks, 23 weight block stride, 24 output channel stride, 25 column groups,
        26 places that share a block's weights before the next block has its turn

    A place is (input offset, output offset, first tap, taps): one output pixel.
    """

    def convolution_entry(arguments: int, tile: int, worker: int) -> None:
        inputs = address_of(arguments, 0, tile, worker)
        weights = address_of(arguments, 3, tile, worker)
        bias = address_of(arguments, 6, tile, worker)
        outputs = address_of(arguments, 9, tile, worker)
        taps = address_of(arguments, 12, tile, worker)
        count = integer(arguments, 18)
        places = longs(arguments, 15, tile, worker, 4 * count)
        output_stride = integer(arguments, 24)
        blocks, groups = integer(arguments, 22), integer(arguments, 25)
        together = integer(arguments, 26)
        for first in range(0, count, together):
            for block in range(blocks):
                for place in range(first, min(first + together, count)):
                    for group in range(groups):
                        along = group * vectors * VECTOR_BYTES
                        taps_block(
                            outs,
                            vectors,
                            inputs + places[4 * place] + along,
                            integer(arguments, 20),
                            weights + block * integer(arguments, 23),
                            integer(arguments, 21),
                            taps + 16 * places[4 * place + 2],
                            places[4 * place + 3],
                            integer(arguments, 19),
                            bias + 4 * outs * block,
                            outputs
                            + places[4 * place + 1]
                            + block * outs * output_stride
                            + along,
                            output_stride,
                        )

    return Entry(convolution_entry)


@cache
def dots_entry(outs: int, taps: int) -> Entry:
    """Sums over places and examples: the gradient of the weights.

    Stands for
        d_weight of Conv2d.backward; adds to what stands there

    Arguments
        0 d_outputs, 3 inputs, 6 tap offsets, 9 rows, 12 d_weight (arrays)
        15 d_outputs channel stride, 16 input channel stride, 17 channels,
        18 blocks of outputs, 19 blocks of taps, 20 rows, 21 vectors in a row,
        22 blocks of outputs that stay in the cache while all channels pass
    """

    def weight_gradient_entry(arguments: int, tile: int, worker: int) -> None:
        d_outputs = address_of(arguments, 0, tile, worker)
        inputs = address_of(arguments, 3, tile, worker)
        tap_offsets = address_of(arguments, 6, tile, worker)
        rows = address_of(arguments, 9, tile, worker)
        d_weight = address_of(arguments, 12, tile, worker)
        d_stride = integer(arguments, 15)
        channels = integer(arguments, 17)
        tap_blocks = integer(arguments, 19)
        gradient_stride = 4 * channels * tap_blocks * taps
        blocks, together = integer(arguments, 18), integer(arguments, 22)
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
                            inputs + channel * integer(arguments, 16),
                            tap_offsets + 8 * tap_block * taps,
                            rows,
                            integer(arguments, 20),
                            integer(arguments, 21),
                            d_weight + block * outs * gradient_stride + 4 * first_tap,
                            gradient_stride,
                        )

    return Entry(weight_gradient_entry)


@kernel
def pack(weight, packed, order, size):
    """packed[i] = weight[order[i]], and 0 where the order says -1."""
    for place in range(size):
        source = order[place]
        packed[place] = weight[source] if source >= 0 else 0.0


def _pack_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for nothing: lays weights out for `taps_entry`.

    Arguments
        0 weight, 3 packed, 6 order; 9 size of weight, 10 size of packed
    """
    size = integer(arguments, 10)
    pack(
        floats(arguments, 0, tile, worker, integer(arguments, 9)),
        floats(arguments, 3, tile, worker, size),
        longs(arguments, 6, tile, worker, size),
        size,
    )


pack_entry = Entry(_pack_entry)


@kernel
def place_inside(inputs, outputs, sizes):
    """Copy pictures into a border of zeros, or out of it."""
    channels, height, width, tall, wide, top, left, tile, inward = sizes
    for channel in range(channels):
        for line in range(height):
            small = (channel * height + line) * width * tile
            large = ((channel * tall + top + line) * wide + left) * tile
            for place in range(width * tile):
                if inward != 0:
                    outputs[large + place] = inputs[small + place]
                else:
                    outputs[small + place] = inputs[large + place]


def _border_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the padding of Conv2d: 0 inputs, 3 outputs; 6 sizes (9)."""
    sizes = (
        integer(arguments, 6),
        integer(arguments, 7),
        integer(arguments, 8),
        integer(arguments, 9),
        integer(arguments, 10),
        integer(arguments, 11),
        integer(arguments, 12),
        integer(arguments, 13),
        integer(arguments, 14),
    )
    extent = sizes[0] * sizes[3] * sizes[4] * sizes[7]
    place_inside(
        floats(arguments, 0, tile, worker, extent),
        floats(arguments, 3, tile, worker, extent),
        sizes,
    )


border_entry = Entry(_border_entry)
