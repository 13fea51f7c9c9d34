"""Blocks of convolution sums, transposes and row sums in vector registers.

A compiler keeps a block of sums in registers only if it can prove that no memory
aliases; these blocks state it. Each is generated for a number of outputs (and of
vectors or taps). Offsets come in tables, so a kernel size, a stride or an image size
costs no compilation.

Sums run in the order of the tables with one rounding a step (fused multiply-add), so
the block's shape does not change the result.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types

from handgrad.engine.kernels.machine import FLOAT, INT32, INT64, emitted
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    moved,
    multiply_add,
    outer_sums,
    own_lanes,
    splat,
    store_vector,
    sum_of_lanes,
    zeros,
)

SUMS = 2  # running sums of a row


@emitted(literals=2)
def taps_block(
    builder, outs, vectors, x, x_step, w, w_step, taps, count, channels, bias, out, row
):
    """out[o, v] = bias[o] + sum over channels and taps of weight * input.

    Arguments (addresses and strides in bytes)
        x, x_step    first input; from channel to channel
        w, w_step    first weight; from channel to channel
        taps, count  pairs (input offset, weight offset), int64
        channels     how many
        bias         `outs` floats
        out, row     first output; from output to output
    """
    biases = [splat(builder, load(builder, bias, 4 * o)) for o in range(outs)]
    channel_loop = Loop(builder, channels, [b for b in biases for _ in range(vectors)])
    tap_loop = Loop(builder, count, channel_loop.sums)
    x_row = moved(builder, x, x_step, channel_loop.index)
    w_row = moved(builder, w, w_step, channel_loop.index)
    entry = moved(builder, taps, constant(16), tap_loop.index)
    x_at = builder.add(x_row, load(builder, entry, 0, INT64))
    w_at = builder.add(w_row, load(builder, entry, 8, INT64))
    inputs = [load_vector(builder, x_at, v * VECTOR_BYTES) for v in range(vectors)]
    weights = (splat(builder, load(builder, w_at, 4 * o)) for o in range(outs))
    sums = outer_sums(builder, tap_loop.sums, weights, inputs)
    channel_loop.end(tap_loop.end(sums))
    for o in range(outs):
        for v in range(vectors):
            place = moved(builder, out, row, o)
            store_vector(builder, sums[o * vectors + v], place, v * VECTOR_BYTES)


@emitted(literals=2)
def dots_block(
    builder, outs, taps, d, d_step, x, offsets, rows, count, run, gradients, g_step
):
    """gradients[o, t] += sum over rows and run of d[o, run] * x[t, run].

    Arguments (addresses and strides in bytes)
        d, d_step          first output gradient; from output to output
        x, offsets         first input; one int64 offset for each tap
        rows, count        pairs (offset in d, offset in x), int64
        run                vectors in a row
        gradients, g_step  first sum; from output to output
    """
    lanes = own_lanes()
    kind = ir.VectorType(FLOAT, lanes)
    run = builder.mul(run, constant(LANES // lanes))
    tap_offsets = [load(builder, offsets, 8 * t, INT64) for t in range(taps)]

    row_loop = Loop(builder, count, [zeros(lanes)] * (outs * taps))
    run_loop = Loop(builder, run, row_loop.sums)
    entry = moved(builder, rows, constant(16), row_loop.index)
    along = builder.mul(run_loop.index, constant(4 * lanes))
    d_at = builder.add(builder.add(d, load(builder, entry, 0, INT64)), along)
    x_at = builder.add(builder.add(x, load(builder, entry, 8, INT64)), along)
    d_rows = [moved(builder, d_at, d_step, o) for o in range(outs)]
    d_values = [load_vector(builder, row, 0, kind) for row in d_rows]
    sums = [None] * (outs * taps)
    for t in range(taps):
        value = load_vector(builder, builder.add(x_at, tap_offsets[t]), 0, kind)
        for o in range(outs):
            before = run_loop.sums[o * taps + t]
            sums[o * taps + t] = multiply_add(builder, d_values[o], value, before)
    row_loop.end(run_loop.end(sums))
    for o in range(outs):
        row = moved(builder, gradients, g_step, o)
        for t in range(taps):
            address = builder.add(row, constant(4 * t))
            total = sum_of_lanes(builder, sums[o * taps + t])
            total = builder.fadd(load(builder, address, 0), total)
            builder.store(total, builder.inttoptr(address, FLOAT.as_pointer()))


def transposed(builder: Any, addresses: Sequence[Any]) -> list[Any]:
    """The columns of a square, from the addresses of its rows: log2(n) shuffles."""
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


@emitted()
def transpose_block(builder, source, source_row, target, target_row):
    """target[j, i] = source[i, j] for 16 x 16 numbers; rows in bytes."""
    parts = range(0, LANES, own_lanes())
    for i in parts:
        for j in parts:
            read = builder.add(moved(builder, source, source_row, i), constant(4 * j))
            write = builder.add(moved(builder, target, target_row, j), constant(4 * i))
            square = [moved(builder, read, source_row, n) for n in range(own_lanes())]
            for n, column in enumerate(transposed(builder, square)):
                store_vector(builder, column, moved(builder, write, target_row, n), 0)


@emitted(types.float32)
def row_sum(builder, address, count):
    """The sum of `count` vectors, an even number, by two running sums."""
    loop = Loop(builder, builder.sdiv(count, constant(SUMS)), [zeros()] * SUMS)
    start = moved(builder, address, constant(SUMS * VECTOR_BYTES), loop.index)
    sums = [
        builder.fadd(loop.sums[part], load_vector(builder, start, part * VECTOR_BYTES))
        for part in range(SUMS)
    ]
    first, second = loop.end(sums)
    return sum_of_lanes(builder, builder.fadd(first, second))


@emitted()
def copy_vector(builder, source, target):
    """Copy sixteen floats from one address to another."""
    store_vector(builder, load_vector(builder, source, 0), target, 0)
