"""The two inner loops of convolution, written in whole vector registers.

A compiler keeps a block of sums in registers only when it can prove that nothing else
moves; here it is said. Both blocks are generated for a number of outputs (and of
vectors or taps) from the loops below, once, for every geometry: offsets come in
tables, so a kernel size, a stride or a picture's size costs no compilation.

Sums run in the order of the tables with one rounding a step (fused multiply-add), so
the block's shape never changes a bit of the result.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.machine import FLOAT, INT32, INT64
from handgrad.engine.kernels.registers import (
    LANES,
    MASK,
    VECTOR,
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    masked_load,
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


def outer_block_of(builder: Any, rows: int, vectors: int, arguments: Any) -> None:
    """Emit: outputs[i, v] = sum over k of left[i, k] * right[k, v] (+ outputs[i, v]).

    Arguments (addresses and strides in bytes)
        left, left_row, left_step  first number; from row to row; from k to k
        right, right_step          first vector; from k to k
        count                      how many k
        outputs, output_row        first vector; from row to row
        adds                       -1 where what stands there is added to, else 0
    """
    (left, left_row, left_step, right, right_step, count, out, out_row, adds) = (
        arguments
    )
    mask = builder.bitcast(builder.trunc(adds, ir.IntType(LANES)), MASK)
    outs = [moved(builder, out, out_row, i) for i in range(rows)]
    begin = [
        masked_load(builder, moved(builder, row, constant(VECTOR_BYTES), v), mask)
        for row in outs
        for v in range(vectors)
    ]
    starts = [
        builder.add(left, builder.mul(left_row, constant(i))) for i in range(rows)
    ]
    loop = Loop(builder, count, begin)
    left_at = builder.mul(loop.index, left_step)
    right_at = builder.add(right, builder.mul(loop.index, right_step))
    values = [load_vector(builder, right_at, v * VECTOR_BYTES) for v in range(vectors)]
    sums = []
    for i in range(rows):
        factor = splat(builder, load(builder, builder.add(starts[i], left_at), 0))
        for v in range(vectors):
            before = loop.sums[i * vectors + v]
            sums.append(multiply_add(builder, factor, values[v], before))
    loop.end(sums)
    for i in range(rows):
        for v in range(vectors):
            store_vector(builder, sums[i * vectors + v], outs[i], v * VECTOR_BYTES)


def transpose_block_of(builder: Any, arguments: Any) -> None:
    """Emit: target[j, i] = source[i, j] for 16 x 16 numbers, in four rounds."""
    source, source_row, target, target_row = arguments
    rows = [
        load_vector(
            builder, builder.add(source, builder.mul(source_row, constant(i))), 0
        )
        for i in range(LANES)
    ]
    half = LANES // 2
    low = [i // 2 + (i % 2) * LANES for i in range(LANES)]
    high = [half + i // 2 + (i % 2) * LANES for i in range(LANES)]
    kind = ir.VectorType(INT32, LANES)
    for _ in range(4):  # each round weaves row i with row i + 8
        rows = [
            builder.shuffle_vector(rows[i], rows[i + half], ir.Constant(kind, mask))
            for i in range(half)
            for mask in (low, high)
        ]
    for j in range(LANES):
        at = builder.add(target, builder.mul(target_row, constant(j)))
        store_vector(builder, rows[j], at, 0)


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
    return _block(taps_block_of, (outs, vectors), 10)


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
    return _block(dots_block_of, (outs, taps), 9)


@intrinsic(prefer_literal=True)
def outer_block(
    typing_context,
    rows,
    vectors,
    left,
    left_row,
    left_step,
    right,
    right_step,
    count,
    outputs,
    output_row,
    adds,
):
    """A block of `rows` x `vectors` of a matrix product; see `outer_block_of`."""
    return _block(outer_block_of, (rows, vectors), 9)


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


def _block(emit: Any, shape: Any, count: int) -> Any:
    """Numba's description of a block with a literal shape and `count` integers."""
    first, second = (size.literal_value for size in shape)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        emit(builder, first, second, values[2:])
        return context.get_dummy_value()

    return types.void(*shape, *[types.int64] * count), generate
