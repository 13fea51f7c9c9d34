"""The two inner loops of convolution, written in whole vector registers.

A compiler keeps a block of sums in registers only when it can prove that nothing else
moves; here it is said. Both blocks are generated for a number of outputs (and of
vectors or taps) from the loops below, once, for every geometry: offsets come in
tables, so a kernel size, a stride or a picture's size costs no compilation.

Sums run in the order of the tables with one rounding a step (fused multiply-add), so
the block's shape never changes a bit of the result.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.machine import FLOAT, INT32, INT64
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
    own_lanes,
    splat,
    store_vector,
    sum_of_lanes,
)

SUMS = 2  # running sums of a row


def taps_block_of(builder: Any, outs: int, vectors: int, arguments: Any) -> None:
    """Emit: outputs[o, v] = start[o] + sum over channels and taps of weight * input.

    Arguments (addresses and strides in bytes)
        inputs, channel_stride      first input value; from channel to channel
        weights, weight_stride      first weight; from channel to channel
        taps, tap_count             pairs (input offset, weight offset), int64
        channels                    how many
        start                       `outs` floats to begin with: the bias
        outputs, output_stride      first output; from output to output
    """
    (x, x_step, w, w_step, taps, tap_count, channels, start, out, out_step) = arguments
    starts = [splat(builder, load(builder, start, 4 * o)) for o in range(outs)]
    zero = [value for value in starts for _ in range(vectors)]

    channel_loop = Loop(builder, channels, zero)
    tap_loop = Loop(builder, tap_count, channel_loop.sums)
    x_row = builder.add(x, builder.mul(channel_loop.index, x_step))
    w_row = builder.add(w, builder.mul(channel_loop.index, w_step))
    entry = builder.add(taps, builder.mul(tap_loop.index, constant(16)))
    x_at = builder.add(x_row, load(builder, entry, 0, INT64))
    w_at = builder.add(w_row, load(builder, entry, 8, INT64))
    inputs = [load_vector(builder, x_at, v * VECTOR_BYTES) for v in range(vectors)]
    sums = []
    for o in range(outs):
        weight = splat(builder, load(builder, w_at, 4 * o))
        for v in range(vectors):
            before = tap_loop.sums[o * vectors + v]
            sums.append(multiply_add(builder, weight, inputs[v], before))
    channel_loop.end(tap_loop.end(sums))
    for o in range(outs):
        row = builder.add(out, builder.mul(out_step, constant(o)))
        for v in range(vectors):
            store_vector(builder, sums[o * vectors + v], row, v * VECTOR_BYTES)


def dots_block_of(builder: Any, outs: int, taps: int, arguments: Any) -> None:
    """Emit: gradients[o, t] += sum over rows and run of d[o, run] * input[t, run].

    Arguments (addresses and strides in bytes)
        d, d_stride                 first output gradient; from output to output
        inputs, tap_offsets         first input value; one int64 offset for each tap
        rows, row_count             pairs (offset in d, offset in inputs), int64
        run                         vectors in a row
        gradients, gradient_stride  first sum; from output to output
    """
    (d, d_step, x, tap_offsets, rows, row_count, run, g, g_step) = arguments
    lanes = own_lanes()
    kind = ir.VectorType(FLOAT, lanes)
    run = builder.mul(run, constant(LANES // lanes))
    offsets = [load(builder, tap_offsets, 8 * t, INT64) for t in range(taps)]
    zero = [ir.Constant(kind, [0.0] * lanes)] * (outs * taps)

    row_loop = Loop(builder, row_count, zero)
    run_loop = Loop(builder, run, row_loop.sums)
    entry = builder.add(rows, builder.mul(row_loop.index, constant(16)))
    along = builder.mul(run_loop.index, constant(4 * lanes))
    d_at = builder.add(builder.add(d, load(builder, entry, 0, INT64)), along)
    x_at = builder.add(builder.add(x, load(builder, entry, 8, INT64)), along)
    d_rows = [builder.add(d_at, builder.mul(d_step, constant(o))) for o in range(outs)]
    d_values = [load_vector(builder, row, 0, kind) for row in d_rows]
    sums: list[Any] = [None] * (outs * taps)
    for t in range(taps):
        value = load_vector(builder, builder.add(x_at, offsets[t]), 0, kind)
        for o in range(outs):
            before = run_loop.sums[o * taps + t]
            sums[o * taps + t] = multiply_add(builder, d_values[o], value, before)
    row_loop.end(run_loop.end(sums))
    for o in range(outs):
        row = builder.add(g, builder.mul(g_step, constant(o)))
        for t in range(taps):
            address = builder.add(row, constant(4 * t))
            total = sum_of_lanes(builder, sums[o * taps + t])
            total = builder.fadd(load(builder, address, 0), total)
            builder.store(total, builder.inttoptr(address, FLOAT.as_pointer()))


def transpose_block_of(builder: Any, arguments: Any) -> None:
    """Emit: target[j, i] = source[i, j] for 16 x 16 numbers, a square at a time."""
    source, source_row, target, target_row = arguments
    parts = range(0, LANES, own_lanes())
    for i in parts:
        for j in parts:
            read = builder.add(moved(builder, source, source_row, i), constant(4 * j))
            write = builder.add(moved(builder, target, target_row, j), constant(4 * i))
            square = [moved(builder, read, source_row, n) for n in range(own_lanes())]
            for n, column in enumerate(transposed(builder, square)):
                store_vector(builder, column, moved(builder, write, target_row, n), 0)


def transposed(builder: Any, addresses: Sequence[Any]) -> list[Any]:
    """The columns of a square whose rows stand there: each round weaves two halves."""
    lanes = len(addresses)
    half = lanes // 2
    rows = [
        load_vector(builder, address, 0, ir.VectorType(FLOAT, lanes))
        for address in addresses
    ]
    low = [i // 2 + (i % 2) * lanes for i in range(lanes)]
    masks = [low, [half + place for place in low]]
    kind = ir.VectorType(INT32, lanes)
    for _ in range(lanes.bit_length() - 1):
        rows = [
            builder.shuffle_vector(rows[i], rows[i + half], ir.Constant(kind, mask))
            for i in range(half)
            for mask in masks
        ]
    return rows


def row_sum_of(builder: Any, arguments: Any) -> Any:
    """Emit: the sum of `count` vectors from an address, by two running sums."""
    address, count = arguments
    zero = [ir.Constant(VECTOR, [0.0] * LANES)] * SUMS
    loop = Loop(builder, builder.sdiv(count, constant(SUMS)), zero)
    start = builder.add(address, builder.mul(loop.index, constant(SUMS * VECTOR_BYTES)))
    sums = [
        builder.fadd(loop.sums[part], load_vector(builder, start, part * VECTOR_BYTES))
        for part in range(SUMS)
    ]
    first, second = loop.end(sums)
    return sum_of_lanes(builder, builder.fadd(first, second))


@intrinsic
def row_sum(typing_context, address, count):
    """The sum of `count` vectors (an even number, at least two); `row_sum_of`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return row_sum_of(builder, values)

    return types.float32(types.int64, types.int64), generate


@intrinsic(prefer_literal=True)
def taps_block(
    typing_context,
    outs,
    vectors,
    inputs,
    channel_stride,
    weights,
    weight_stride,
    taps,
    tap_count,
    channels,
    start,
    outputs,
    output_stride,
):
    """A block of `outs` x `vectors` convolution sums; see `taps_block_of`."""
    return shaped_block(taps_block_of, (outs, vectors), 10)


@intrinsic(prefer_literal=True)
def dots_block(
    typing_context,
    outs,
    taps,
    d,
    d_stride,
    inputs,
    tap_offsets,
    rows,
    row_count,
    run,
    gradients,
    gradient_stride,
):
    """A block of `outs` x `taps` weight gradients; see `dots_block_of`."""
    return shaped_block(dots_block_of, (outs, taps), 9)


@intrinsic
def copy_vector(typing_context, source, target):
    """Sixteen floats from one address to another."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        store_vector(builder, load_vector(builder, values[0], 0), values[1], 0)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def transpose_block(typing_context, source, source_row, target, target_row):
    """Turn 16 x 16 numbers; see `transpose_block_of`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        transpose_block_of(builder, values)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


def shaped_block(emit: Any, shape: Any, count: int) -> Any:
    """Numba's description of a block with a literal shape and `count` integers."""
    first, second = (size.literal_value for size in shape)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        emit(builder, first, second, values[2:])
        return context.get_dummy_value()

    return types.void(*shape, *[types.int64] * count), generate
