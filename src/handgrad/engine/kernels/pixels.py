"""Linear layers of few outputs on bytes: images are normalised within registers.

    value = pixel * scale[channel] + shift[channel]

to the bit what `gather` writes, and sums run in the order of `skinny.forward_entry`;
only the floats between the two never reach memory.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    SIZE,
    TILE,
    at,
    matrix,
    reads,
    scratch,
    times,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.gather import COUNT, IMAGES, INPUTS, ROWS
from handgrad.engine.kernels.machine import INT32, INT64, load_long, store_long
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR,
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    moved,
    multiply_add,
    pointer_at,
    splat,
    store_vector,
)

AT_ONCE = 2  # examples whose sums fit into the registers beside ten outputs
BYTES = ir.VectorType(ir.IntType(8), LANES)
INTEGERS = ir.VectorType(INT32, LANES)


@kernel_family
def pixels_forward_kernel(outs: int) -> Kernel:
    """outputs[k, n] = sum of weight[k] * normalised image n; all outputs at once.

    Stands for
        Normalization.apply and the product in Linear.forward

    Cost
        2 * outs operations and one byte read for each pixel, and three operations to
        normalise it
    """

    @kernel_entry(
        operations=lambda channels, vectors, lanes: (
            2 * (outs + 1) * channels * vectors * LANES * lanes
        ),
        bytes_moved=lambda channels, vectors, lanes: (
            channels * vectors * LANES * (4 * outs + lanes)
        ),
    )
    def pixels_forward(
        block: reads(LONGS, INPUTS),
        scale: reads(at(FLOATS), "channels"),
        shift: reads(at(FLOATS), "channels"),
        weight: reads(at(FLOATS), times(outs, "channels", "vectors", LANES)),
        outputs: writes(at(FLOATS), matrix(outs, "lanes", "stride")),
        sums: scratch(at(FLOATS), outs * LANES * LANES // AT_ONCE),
        addresses: scratch(at(LONGS), AT_ONCE),
        channels: SIZE,
        vectors: SIZE,
        lanes: SIZE,
        stride: SIZE,
        tile: TILE,
    ):
        images, rows, count = block[IMAGES], block[ROWS], block[COUNT]
        features = channels * vectors * LANES
        for group in range(0, lanes, LANES):
            for part in range(0, LANES, AT_ONCE):
                for one in range(AT_ONCE):
                    example = tile * lanes + group + part + one
                    if example >= count:  # beyond the end: the first one, once more
                        example = 0
                    row = load_long(rows + 8 * example)
                    store_long(addresses + 8 * one, images + row * features)
                pixels_block(
                    outs,
                    AT_ONCE,
                    weight,
                    4 * features,
                    addresses,
                    scale,
                    shift,
                    channels,
                    vectors,
                    sums + part // 2 * VECTOR_BYTES,
                    LANES // 2 * VECTOR_BYTES,
                )
            for k in range(outs):
                sums_block(
                    sums + k * LANES // 2 * VECTOR_BYTES,
                    outputs + 4 * (k * stride + group),
                )

    return pixels_forward


def pixels_block_of(builder: Any, outs: int, examples: int, arguments: Any) -> None:
    """Emit: sums[o] = weight[o] * (image[e] * scale + shift), both images folded.

    Arguments (addresses and strides in bytes)
        weights, weight_stride  first weight; from output to output
        images                  addresses of the examples' first pixels
        scale, shift            one float a channel
        channels, run           how many, and vectors in each
        sums, sum_stride        first vector of sums; from output to output
    """
    (w, w_step, images, scale, shift, channels, run, sums_at, sum_step) = arguments
    starts = [load(builder, images, 8 * e, INT64) for e in range(examples)]
    zero = [ir.Constant(VECTOR, [0.0] * LANES)] * (outs * examples)

    channel_loop = Loop(builder, channels, zero)
    run_loop = Loop(builder, run, channel_loop.sums)
    place = builder.mul(channel_loop.index, constant(4))
    times = splat(builder, load(builder, builder.add(scale, place), 0))
    plus = splat(builder, load(builder, builder.add(shift, place), 0))
    vector = builder.add(builder.mul(channel_loop.index, run), run_loop.index)
    pixel = builder.mul(vector, constant(LANES))
    values = []
    for start in starts:
        pointer = pointer_at(builder, builder.add(start, pixel), 0, BYTES)
        loaded = builder.load(pointer)
        loaded.align = 1
        number = builder.sitofp(builder.zext(loaded, INTEGERS), VECTOR)
        values.append(builder.fadd(builder.fmul(number, times), plus))
    along = builder.add(w, builder.mul(vector, constant(VECTOR_BYTES)))
    sums = []
    for o in range(outs):
        weight = load_vector(builder, moved(builder, along, w_step, o), 0)
        for e in range(examples):
            before = run_loop.sums[o * examples + e]
            sums.append(multiply_add(builder, weight, values[e], before))
    sums = channel_loop.end(run_loop.end(sums))
    for o in range(outs):
        both = fold(builder, sums[o * examples : (o + 1) * examples], LANES)
        store_vector(builder, both, moved(builder, sums_at, sum_step, o), 0)


def sums_block_of(builder: Any, arguments: Any) -> None:
    """Emit: target[i] = the sum of half a vector, of sixteen, in `sum_of_lanes`' order.

    Two vectors are folded into one, again and again: a quarter of the additions of
    sixteen sums one by one.
    """
    source, target = arguments
    count, width = LANES // 2, LANES // 2
    vectors = [load_vector(builder, source, i * VECTOR_BYTES) for i in range(count)]
    while width > 1:
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [fold(builder, pair, width) for pair in pairs]
        width //= 2
    store_vector(builder, vectors[0], target, 0)


def fold(builder: Any, pair: Sequence[Any], width: int) -> Any:
    """The halves of every `width` lanes of two vectors, added, in one vector."""
    low = [lane for lane in range(2 * LANES) if lane % width < width // 2]
    high = [lane + width // 2 for lane in low]
    masks = [ir.Constant(INTEGERS, lanes) for lanes in (low, high)]
    return builder.fadd(*(builder.shuffle_vector(*pair, mask) for mask in masks))


@intrinsic(prefer_literal=True)
def pixels_block(
    typing_context,
    outs,
    examples,
    weights,
    weight_stride,
    images,
    scale,
    shift,
    channels,
    run,
    sums,
    sum_stride,
):
    """A block of `outs` x `examples` sums over bytes; see `pixels_block_of`."""
    first, second = outs.literal_value, examples.literal_value

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pixels_block_of(builder, first, second, values[2:])
        return context.get_dummy_value()

    return types.void(outs, examples, *[types.int64] * 9), generate


@intrinsic
def sums_block(typing_context, source, target):
    """Sixteen vectors' own sums, side by side; see `sums_block_of`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        sums_block_of(builder, values)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate
