"""Matrix products through the matrix unit: float32 in, float32 out.

    outputs[i, j] = sum over k of left[i, k] * right[k, j]

Both operands are split into three bfloat16 parts first (`bfloat16x3`). The sum over k
has the same order for every element, whatever the sizes.
"""

from numba import carray

from handgrad.engine.kernels.amx import (
    SIDE,
    STEP,
    UNIT_BYTES,
    begin_matrices,
    end_matrices,
    matrix_block,
)
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, pack, packed_bytes
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    SIZE,
    Sizes,
    Span,
    at,
    by,
    matrix,
    reads,
    scratch,
    strided,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer

TOGETHER = 512  # of k, at most: the parts of both operands stay in a core's own cache
CORNER_BYTES = 4 * SIDE * SIDE
FIRST_BYTES = TRANSPOSE_BYTES + CORNER_BYTES  # of scratch, before the packed operands


@kernel
def multiply(left, right, outputs, row, rows, columns, steps, adds, corner):
    """outputs (rows, columns) = left @ right, packed, over `steps` k; or added to."""
    units = (steps + STEP - 1) // STEP
    size = units * UNIT_BYTES
    for column in range(0, columns, SIDE):
        y = right + column // SIDE * size
        wide = min(SIDE, columns - column)
        for line in range(0, rows, SIDE):
            x = left + line // SIDE * size
            out = outputs + line * row + 4 * column
            tall = min(SIDE, rows - line)
            if tall == SIDE and wide == SIDE:
                if adds:
                    matrix_block(1, x, y, units, out, row)
                else:
                    matrix_block(0, x, y, units, out, row)
            else:
                matrix_block(0, x, y, units, corner, 4 * SIDE)
                copy_corner(corner, out, row, tall, wide, adds)


@kernel
def copy_corner(corner, outputs, row, rows, columns, adds):
    """Copy, or add, the part of a block that lies within the outputs."""
    for line in range(rows):
        source = carray(float_pointer(corner + 4 * SIDE * line), (columns,))
        target = carray(float_pointer(outputs + line * row), (columns,))
        for column in range(columns):
            before = target[column] if adds else source.dtype.type(0)
            target[column] = before + source[column]


def scratch_bytes(rows: int, together: int = TOGETHER, *, is_packed: bool) -> int:
    """Bytes for a product of `rows` rows; `is_packed` concerns the right operand."""
    right = 0 if is_packed else packed_bytes(SIDE, together)
    return FIRST_BYTES + right + packed_bytes(rows, together)


def operand(lines, count, stride, is_along):
    """The range of an operand whose lines are its rows (`is_along`) or its columns."""
    shape = (lines, count) if is_along else (count, lines)
    return strided(*shape, stride // 4)


OUTPUTS = matrix("rows", "columns", "row", item=4)
WORK = times(2, "rows", "columns", "count")


@kernel_entry(operations=WORK, by_unit=True)
def product_of_packed(
    left: reads(at(FLOATS), by(operand, "rows", "count", "left_row", True)),
    right: reads(at(OCTETS), by(packed_bytes, "columns", "count")),
    outputs: writes(at(FLOATS), OUTPUTS),
    parts: scratch(at(OCTETS), lambda rows: scratch_bytes(rows, is_packed=True)),
    sizes: Sizes("left_row row rows columns count"),
):
    """outputs = left @ right, packed by `pack_right`.

    `left_row` and `row` are bytes from row to row; `count` is the inner sum's length.

    Stands for
        the products of Linear.forward and d_inputs of Linear.backward
    """
    left_row, row, rows, columns, count = sizes
    packed, corner = parts + FIRST_BYTES, parts + TRANSPOSE_BYTES
    blocks = (columns + SIDE - 1) // SIDE
    begin_matrices()
    for first in range(0, count, TOGETHER):
        part = min(TOGETHER, count - first)
        pack(left + 4 * first, left_row, True, True, rows, part, packed, parts)
        here = right + first // STEP * blocks * UNIT_BYTES
        multiply(packed, here, outputs, row, rows, columns, part, first > 0, corner)
    end_matrices()


def packed_columns(columns, count, first, all_columns):
    """The range of some columns in the parts of all."""
    last = (count - 1) // TOGETHER * TOGETHER
    units, blocks = -(-(count - last) // STEP), -(-all_columns // SIDE)
    behind = last // STEP * blocks + (first // SIDE + -(-columns // SIDE)) * units
    return Span(0, behind * UNIT_BYTES, packed_bytes(columns, count))


@kernel_entry()
def pack_right(
    matrix: reads(at(FLOATS), by(operand, "columns", "count", "stride", "is_along")),
    packed: writes(at(OCTETS), packed_columns),
    transposed: scratch(at(OCTETS), TRANSPOSE_BYTES),
    stride: SIZE,
    is_along: FLAG,
    sizes: Sizes("columns count first all_columns"),
):
    """Pack some columns of a right operand, from `first` on, a multiple of 32.

    `stride` is bytes from line to line; with `is_along` a line is a column.
    """
    columns, count, first, all_columns = sizes
    block = first // SIDE
    blocks = (all_columns + SIDE - 1) // SIDE
    step_bytes = 4 if is_along else stride
    for begin in range(0, count, TOGETHER):
        part = min(TOGETHER, count - begin)
        units = (part + STEP - 1) // STEP
        here = packed + (begin // STEP * blocks + block * units) * UNIT_BYTES
        start = matrix + begin * step_bytes
        pack(start, stride, is_along, False, columns, part, here, transposed)


@kernel_entry(operations=WORK, by_unit=True)
def matrix_product(
    left: reads(at(FLOATS), by(operand, "rows", "count", "left_stride", "left_along")),
    right: reads(
        at(FLOATS), by(operand, "columns", "count", "right_stride", "right_along")
    ),
    outputs: writes(at(FLOATS), OUTPUTS),
    parts: scratch(
        at(OCTETS),
        lambda rows, together: scratch_bytes(rows, together, is_packed=False),
    ),
    strides: Sizes("left_stride right_stride row"),
    left_along: FLAG,
    right_along: FLAG,
    sizes: Sizes("rows columns count together"),
):
    """outputs = left @ right, `together` of the inner sum's `count` numbers at once.

    The left operand is packed once, the right one 32 columns at a time. Strides are
    bytes from line to line; with `left_along` the inner sum runs along left's rows.

    Stands for
        the products of Linear.forward and d_weight of Linear.backward
    """
    left_stride, right_stride, row = strides
    rows, columns, count, together = sizes
    x_step = 4 if left_along else left_stride
    y_step, y_line = (4, right_stride) if right_along else (right_stride, 4)
    corner, y = parts + TRANSPOSE_BYTES, parts + FIRST_BYTES
    x = y + together // STEP * UNIT_BYTES
    begin_matrices()
    for first in range(0, count, together):
        part = min(together, count - first)
        start = left + first * x_step
        pack(start, left_stride, left_along, True, rows, part, x, parts)
        for column in range(0, columns, SIDE):
            wide = min(SIDE, columns - column)
            start = right + column * y_line + first * y_step
            pack(start, right_stride, right_along, False, wide, part, y, parts)
            out = outputs + 4 * column
            multiply(x, y, out, row, rows, wide, part, first > 0, corner)
    end_matrices()
