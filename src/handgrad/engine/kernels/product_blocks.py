"""Matrix products in vector registers: blocks of rows by registers, and their loop.

Each sum is one of a row's numbers times a register of the other side, over k. A block
has as many running sums as there are registers for: 8 x 3 of 16 floats, or 4 x 3 of 8.
Sums run in the order of k with one rounding a step, so a block's shape changes no bit.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.machine import FLOAT
from handgrad.engine.kernels.registers import (
    LANES,
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
)
from handgrad.engine.kernels.simd_blocks import copy_vector, shaped_block

ROWS, VECTORS = 8, 3  # 24 running sums of the 32 registers
SHORT_ROWS, SHORT_BYTES = 4, VECTOR_BYTES // 2
WIDTH = VECTORS * LANES


def outer_block_of(builder: Any, rows: int, registers: int, arguments: Any) -> None:
    """Emit: outputs[i, v] = sum over k of left[i, k] * right[k, v] (+ outputs[i, v]).

    Each v is a register of the instruction set: 16 floats, or 8.

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
    lanes = own_lanes()
    kind, across = ir.VectorType(FLOAT, lanes), range(registers)
    bits = ir.VectorType(ir.IntType(1), lanes)
    mask = builder.bitcast(builder.trunc(adds, ir.IntType(lanes)), bits)
    outs = [moved(builder, out, out_row, i) for i in range(rows)]
    begin = [
        masked_load(builder, moved(builder, row, constant(4 * lanes), v), mask)
        for row in outs
        for v in across
    ]
    starts = [
        builder.add(left, builder.mul(left_row, constant(i))) for i in range(rows)
    ]
    loop = Loop(builder, count, begin)
    left_at = builder.mul(loop.index, left_step)
    right_at = builder.add(right, builder.mul(loop.index, right_step))
    values = [load_vector(builder, right_at, 4 * lanes * v, kind) for v in across]
    sums = []
    for i in range(rows):
        number = load(builder, builder.add(starts[i], left_at), 0)
        factor = splat(builder, number, lanes)
        for v in across:
            before = loop.sums[i * registers + v]
            sums.append(multiply_add(builder, factor, values[v], before))
    loop.end(sums)
    for i in range(rows):
        for v in across:
            store_vector(builder, sums[i * registers + v], outs[i], 4 * lanes * v)


@intrinsic(prefer_literal=True)
def outer_block(
    typing_context,
    rows,
    registers,
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
    """A block of `rows` x `registers` of a matrix product; see `outer_block_of`."""
    return shaped_block(outer_block_of, (rows, registers), 9)


@intrinsic
def has_short_registers(typing_context):
    """Whether registers hold 8 floats: known when a kernel is compiled."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return context.get_constant(types.boolean, own_lanes() < LANES)

    return types.boolean(), generate


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
            copy_vector(
                source + row * source_row + along, target + row * target_row + along
            )
