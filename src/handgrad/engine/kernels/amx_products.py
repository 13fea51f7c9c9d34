"""Matrix products through the matrix unit: float32 in, float32 out.

    outputs[i, j] = sum over k of left[i, k] * right[k, j]

Both sides are cut into three parts first (`thirds`). The sum over k runs in one order
for every element, whatever stands beside it.
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
from handgrad.engine.kernels.bfloat16x3 import TURN_BYTES, pack, packed_bytes
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    OCTETS,
    SIZE,
    Span,
    at,
    reads,
    scratch,
    strided,
    writes,
)
from handgrad.engine.kernels.entry import kernel, kernel_entry
from handgrad.engine.kernels.machine import float_pointer

TOGETHER = 512  # of k, at most: the parts of both sides stay in a core's own cache
CORNER_BYTES = 4 * SIDE * SIDE
FIRST_BYTES = TURN_BYTES + CORNER_BYTES  # of scratch, before what is packed


@kernel
def multiply(left, right, outputs, row, rows, columns, steps, adds, corner):
    """outputs (rows, columns) = left @ right, both packed; `steps` of k, added to."""
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
    """What of a block lies within the outputs."""
    for line in range(rows):
        source = carray(float_pointer(corner + 4 * SIDE * line), (columns,))
        target = carray(float_pointer(outputs + line * row), (columns,))
        for column in range(columns):
            before = target[column] if adds else source.dtype.type(0)
            target[column] = before + source[column]


def scratch_bytes(rows: int, together: int = TOGETHER, *, is_packed: bool) -> int:
    """What a product of so many rows needs; `is_packed` says that its right side is."""
    right = 0 if is_packed else packed_bytes(SIDE, together)
    return FIRST_BYTES + right + packed_bytes(rows, together)


def side(lines, count, stride, is_along):
    """How far a side reaches of so many lines, which lie along it or across it."""
    shape = (lines, count) if is_along else (count, lines)
    return strided(*shape, stride // 4)


def outputs_of(rows, columns, row):
    """How far the outputs reach."""
    return strided(rows, columns, row // 4)


def work(rows, columns, count):
    """Multiplications and additions."""
    return 2 * rows * columns * count


@kernel_entry(operations=work, by_unit=True)
def product_of_packed(
    left: reads(
        at(FLOATS), lambda rows, count, left_row: side(rows, count, left_row, True)
    ),
    right: reads(at(OCTETS), lambda columns, count: packed_bytes(columns, count)),
    outputs: writes(at(FLOATS), outputs_of),
    parts: scratch(at(OCTETS), lambda rows: scratch_bytes(rows, is_packed=True)),
    left_row: SIZE,
    row: SIZE,
    rows: SIZE,
    columns: SIZE,
    count: SIZE,
):
    """outputs = left @ right, which is as `pack_right` leaves it.

    `left_row` and `row` are bytes from row to row; `count` is the inner sum's length.

    Stands for
        the products of Linear.forward and d_inputs of Linear.backward
    """
    packed, corner = parts + FIRST_BYTES, parts + TURN_BYTES
    blocks = (columns + SIDE - 1) // SIDE
    begin_matrices()
    for first in range(0, count, TOGETHER):
        part = min(TOGETHER, count - first)
        pack(left + 4 * first, left_row, True, True, rows, part, packed, parts)
        here = right + first // STEP * blocks * UNIT_BYTES
        multiply(packed, here, outputs, row, rows, columns, part, first > 0, corner)
    end_matrices()


def packed_columns(columns, count, first, all_columns):
    """How far some columns reach in the parts of all."""
    last = (count - 1) // TOGETHER * TOGETHER
    units, blocks = -(-(count - last) // STEP), -(-all_columns // SIDE)
    behind = last // STEP * blocks + (first // SIDE + -(-columns // SIDE)) * units
    return Span(0, behind * UNIT_BYTES, packed_bytes(columns, count))


@kernel_entry()
def pack_right(
    matrix: reads(
        at(FLOATS),
        lambda columns, count, stride, is_along: side(columns, count, stride, is_along),
    ),
    packed: writes(at(OCTETS), packed_columns),
    turned: scratch(at(OCTETS), TURN_BYTES),
    stride: SIZE,
    is_along: FLAG,
    columns: SIZE,
    count: SIZE,
    first: SIZE,
    all_columns: SIZE,
):
    """Some columns (from the `first` on, by the 32) of a right side in three parts.

    `stride` is bytes from line to line; `is_along` says that the numbers of a column
    lie side by side.
    """
    block = first // SIDE
    blocks = (all_columns + SIDE - 1) // SIDE
    step_bytes = 4 if is_along else stride
    for begin in range(0, count, TOGETHER):
        part = min(TOGETHER, count - begin)
        units = (part + STEP - 1) // STEP
        here = packed + (begin // STEP * blocks + block * units) * UNIT_BYTES
        start = matrix + begin * step_bytes
        pack(start, stride, is_along, False, columns, part, here, turned)


@kernel_entry(operations=work, by_unit=True)
def matrix_product(
    left: reads(
        at(FLOATS),
        lambda rows, count, left_stride, left_along: side(
            rows, count, left_stride, left_along
        ),
    ),
    right: reads(
        at(FLOATS),
        lambda columns, count, right_stride, right_along: side(
            columns, count, right_stride, right_along
        ),
    ),
    outputs: writes(at(FLOATS), outputs_of),
    parts: scratch(
        at(OCTETS),
        lambda rows, together: scratch_bytes(rows, together, is_packed=False),
    ),
    left_stride: SIZE,
    right_stride: SIZE,
    row: SIZE,
    left_along: FLAG,
    right_along: FLAG,
    rows: SIZE,
    columns: SIZE,
    count: SIZE,
    together: SIZE,
):
    """outputs = left @ right, `together` of the inner sum's `count` numbers at once.

    The left side is packed once, the right side 32 columns at a time. Strides are bytes
    from line to line; `left_along` says that the inner sum runs along left's rows.

    Stands for
        the products of Linear.forward and d_weight of Linear.backward
    """
    x_step = 4 if left_along else left_stride
    y_step, y_line = (4, right_stride) if right_along else (right_stride, 4)
    corner, y = parts + TURN_BYTES, parts + FIRST_BYTES
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
