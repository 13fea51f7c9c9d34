"""Matrix products in vector registers: blocks of rows by registers, and their loop.

Each sum is one of a row's numbers times a register of the right operand, over k. A
block has as many running sums as there are registers for: 8 x 3 of 16 floats, or 4 x 3
of 8. Sums run in the order of k with one rounding a step, so a block's shape does not
change the result.
"""

from llvmlite import ir
from numba import types

from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.machine import FLOAT, emitted
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    masked_load,
    moved,
    outer_sums,
    own_lanes,
    splat,
    store_vector,
)
from handgrad.engine.kernels.simd_blocks import copy_vector

ROWS, VECTORS = 8, 3  # 24 running sums of the 32 registers
SHORT_ROWS, SHORT_BYTES = 4, VECTOR_BYTES // 2
WIDTH = VECTORS * LANES


@emitted(literals=2)
def outer_block(
    builder,
    rows,
    vectors,
    left,
    row,
    step,
    right,
    right_step,
    count,
    out,
    out_row,
    adds,
):
    """out[i, v] = sum over k of left[i, k] * right[k, v] (+ out[i, v]).

    Each v is a register of the instruction set: 16 floats, or 8.

    Arguments (addresses and strides in bytes)
        left, row, step    first number; from row to row; from k to k
        right, right_step  first vector; from k to k
        count              how many k
        out, out_row       first vector; from row to row
        adds               -1 to add to the outputs, else 0
    """
    lanes = own_lanes()
    kind, across = ir.VectorType(FLOAT, lanes), range(vectors)
    bits = ir.VectorType(ir.IntType(1), lanes)
    mask = builder.bitcast(builder.trunc(adds, ir.IntType(lanes)), bits)
    outs = [moved(builder, out, out_row, i) for i in range(rows)]
    begin = [
        masked_load(builder, moved(builder, place, constant(4 * lanes), v), mask)
        for place in outs
        for v in across
    ]
    starts = [moved(builder, left, row, i) for i in range(rows)]
    loop = Loop(builder, count, begin)
    left_at = builder.mul(loop.index, step)
    right_at = moved(builder, right, right_step, loop.index)
    values = [load_vector(builder, right_at, 4 * lanes * v, kind) for v in across]
    places = (builder.add(start, left_at) for start in starts)
    factors = (splat(builder, load(builder, place, 0), lanes) for place in places)
    sums = loop.end(outer_sums(builder, loop.sums, factors, values))
    for i in range(rows):
        for v in across:
            store_vector(builder, sums[i * vectors + v], outs[i], 4 * lanes * v)


@emitted(types.boolean)
def has_short_registers(builder):
    """Whether registers hold 8 floats: known when a kernel is compiled."""
    return ir.Constant(ir.IntType(1), int(own_lanes() < LANES))


@kernel
def rows_in_short_registers(rows, vectors, left, right, outputs, sizes):
    """Four rows of two or three registers at once: 12 running sums of 16 registers."""
    left_row, left_block, step, right_step, count, row, adds = sizes
    registers = 3 if vectors == VECTORS else 2
    whole = rows // SHORT_ROWS
    for part in range(2 * vectors // registers):
        along = part * registers * SHORT_BYTES
        for block in range(whole):
            x = left + block // 2 * left_block + block % 2 * SHORT_ROWS * left_row
            y, out = right + along, outputs + block * SHORT_ROWS * row + along
            if registers == 3:
                outer_block(
                    4, 3, x, left_row, step, y, right_step, count, out, row, adds
                )
            else:
                outer_block(
                    4, 2, x, left_row, step, y, right_step, count, out, row, adds
                )
    for place in range(whole * SHORT_ROWS, rows):
        x = left + place // ROWS * left_block + place % ROWS * left_row
        for vector in range(vectors):
            along = vector * VECTOR_BYTES
            y, out = right + along, outputs + place * row + along
            outer_block(1, 2, x, left_row, step, y, right_step, count, out, row, adds)


@kernel
def rows_in_long_registers(rows, vectors, left, right, outputs, sizes):
    """Eight rows of up to three registers at once."""
    left_row, left_block, step, right_step, count, row, adds = sizes
    whole = rows // ROWS
    for block in range(whole):
        x, out = left + block * left_block, outputs + block * ROWS * row
        if vectors == VECTORS:
            outer_block(
                8, 3, x, left_row, step, right, right_step, count, out, row, adds
            )
        elif vectors == 2:
            outer_block(
                8, 2, x, left_row, step, right, right_step, count, out, row, adds
            )
        else:
            outer_block(
                8, 1, x, left_row, step, right, right_step, count, out, row, adds
            )
    for rest in range(rows - whole * ROWS):
        x = left + whole * left_block + rest * left_row
        for vector in range(vectors):
            along = vector * VECTOR_BYTES
            y, out = right + along, outputs + (whole * ROWS + rest) * row + along
            outer_block(1, 1, x, left_row, step, y, right_step, count, out, row, adds)


@kernel
def some_rows(rows, vectors, left, right, outputs, sizes):
    """`rows` rows of `vectors` vectors (at most three) of a product.

    Sizes
        bytes from row to row of left, from eight to eight, from k to k; from k to k of
        right; how many k; bytes from row to row of outputs; -1 to add to outputs
    """
    if has_short_registers():
        rows_in_short_registers(rows, vectors, left, right, outputs, sizes)
    else:
        rows_in_long_registers(rows, vectors, left, right, outputs, sizes)


@kernel
def copy_rows(source, source_row, target, target_row, rows, vectors):
    """Copy whole registers, row after row; a later row may overwrite one's end."""
    for row in range(rows):
        for vector in range(vectors):
            along = vector * VECTOR_BYTES
            from_, to = source + row * source_row, target + row * target_row
            copy_vector(from_ + along, to + along)
