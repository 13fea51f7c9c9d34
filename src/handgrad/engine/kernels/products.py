"""Matrix products of any sizes, by the engine's blocks, and sums of rows."""

from numba import carray

from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    SIZE,
    Sizes,
    at,
    by,
    matrix,
    reads,
    scratch,
    strided,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.kernels.packing import copy_panel, transpose_panel
from handgrad.engine.kernels.product_blocks import ROWS, WIDTH, some_rows
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.simd_blocks import row_sum


def operand(rows, columns, stride, is_transposed):
    """The range of a matrix, or of the one whose transpose it is."""
    shape = (columns, rows) if is_transposed else (rows, columns)
    return strided(*shape, stride)


def packed_floats(together: int) -> int:
    """Room for a panel of the right side, and for eight rows of outputs."""
    return (ROWS + together) * WIDTH


@kernel
def edge_rows(rows, columns, left, panel, outputs, edge, steps):
    """Columns that fill no whole registers: eight rows of a product at a time."""
    left_row, left_block, step, panel_row, part, out_row, adds = steps
    vectors, own = (columns + LANES - 1) // LANES, 4 * WIDTH
    short = (left_row, left_block, step, panel_row, part, own, adds)
    for row in range(0, rows, ROWS):
        some, out = min(ROWS, rows - row), outputs + row * out_row
        if adds:
            copy_panel(out, out_row, some, columns, edge)
        some_rows(some, vectors, left + row * left_row, panel, edge, short)
        for k in range(some):
            source = carray(float_pointer(edge + k * own), (columns,))
            target = carray(float_pointer(out + k * out_row), (columns,))
            target[:] = source


@kernel_entry(operations=times(2, "rows", "columns", "inner"))
def product(
    left: reads(
        at(FLOATS),
        by(operand, "rows", "inner", "left_stride", "left_transposed"),
    ),
    right: reads(
        at(FLOATS),
        by(operand, "inner", "columns", "right_stride", "right_transposed"),
    ),
    outputs: writes(at(FLOATS), matrix("rows", "columns", "out_stride")),
    packed: scratch(at(FLOATS), by(packed_floats, "together")),
    sizes: Sizes("rows columns inner left_stride right_stride out_stride together"),
    left_transposed: FLAG,
    right_transposed: FLAG,
):
    """Row-major outputs (rows, columns) = op(left) op(right); strides in floats.

    Each sum runs in the order of `inner` with one rounding a step, so its result does
    not depend on the sizes; `together` of its terms are added at once.

    Stands for
        the product in Linear.forward, d_inputs and d_weight of Linear.backward
    """
    rows, columns, inner, left_stride, right_stride, out_stride, together = sizes
    left_row, step = 4 * left_stride, 4
    if left_transposed:
        left_row, step = step, left_row
    right_row, out_row, edge = 4 * right_stride, 4 * out_stride, packed
    panel = packed + 4 * ROWS * WIDTH
    for first in range(0, inner, together):
        part = min(together, inner - first)
        x, adds = left + first * step, -int(first > 0)
        for column in range(0, columns, WIDTH):
            some = min(WIDTH, columns - column)
            if right_transposed:
                source = right + column * right_row + 4 * first
                transpose_panel(source, right_row, some, part, panel)
            else:
                source = right + first * right_row + 4 * column
                copy_panel(source, right_row, part, some, panel)
            out = outputs + 4 * column
            steps = (left_row, ROWS * left_row, step, 4 * WIDTH, part, out_row, adds)
            if some % LANES == 0:
                some_rows(rows, some // LANES, x, panel, out, steps)
            else:
                edge_rows(rows, some, x, panel, out, edge, steps)


@kernel_entry(operations=times("rows", "columns"))
def row_sums(
    values: reads(at(FLOATS), matrix("rows", "columns", "stride")),
    sums: updates(FLOATS, "rows"),
    sizes: Sizes("rows columns stride"),
):
    """sums[row] += sum of the row; columns are a multiple of 32.

    Stands for
        d_bias of Linear.backward and Conv2d.backward
    """
    rows, columns, stride = sizes
    for row in range(rows):
        sums[row] += row_sum(values + 4 * row * stride, columns // LANES)


@kernel_entry()
def clear(values: writes(FLOATS, "size"), size: SIZE):
    """Set to zero."""
    values[:size] = 0
