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
from handgrad.engine.kernels.entry import Entry, address_of, integer, kernel
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.kernels.thirds import TURN_BYTES, pack, packed_bytes

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


def _product_of_packed_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the products of Linear.forward and d_inputs of Linear.backward.

    Arguments
        0 left, 3 right (as `pack_right_entry` leaves it), 6 outputs, 9 scratch
        bytes: 12 row of left, 13 of outputs; 14 rows, 15 columns, 16 count of k
    """
    left = address_of(arguments, 0, tile, worker)
    right = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    scratch = address_of(arguments, 9, tile, worker)
    left_row, row = integer(arguments, 12), integer(arguments, 13)
    rows, columns = integer(arguments, 14), integer(arguments, 15)
    count = integer(arguments, 16)
    packed, corner = scratch + FIRST_BYTES, scratch + TURN_BYTES
    blocks = (columns + SIDE - 1) // SIDE
    begin_matrices()
    for first in range(0, count, TOGETHER):
        part = min(TOGETHER, count - first)
        pack(left + 4 * first, left_row, True, True, rows, part, packed, scratch)
        here = right + first // STEP * blocks * UNIT_BYTES
        multiply(packed, here, outputs, row, rows, columns, part, first > 0, corner)
    end_matrices()


def _pack_right_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for a right side in three parts: some of its columns.

    Arguments
        0 matrix (first column), 3 packed (of all columns), 6 scratch
        9 bytes from line to line, 10 whether k lies side by side, 11 columns,
        12 count of k, 13 the first column (by the 32), 14 all columns
    """
    source = address_of(arguments, 0, tile, worker)
    target = address_of(arguments, 3, tile, worker)
    scratch = address_of(arguments, 6, tile, worker)
    stride, is_along = integer(arguments, 9), integer(arguments, 10) != 0
    columns, count = integer(arguments, 11), integer(arguments, 12)
    block = integer(arguments, 13) // SIDE
    blocks = (integer(arguments, 14) + SIDE - 1) // SIDE
    step_bytes = 4 if is_along else stride
    for first in range(0, count, TOGETHER):
        part = min(TOGETHER, count - first)
        units = (part + STEP - 1) // STEP
        here = target + (first // STEP * blocks + block * units) * UNIT_BYTES
        start = source + first * step_bytes
        pack(start, stride, is_along, False, columns, part, here, scratch)


def _matrix_product_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the products of Linear.forward and d_weight of Linear.backward.

    The left side is packed once, the right side 32 columns at a time.

    Arguments
        0 left, 3 right, 6 outputs, 9 scratch
        bytes from line to line: 12 of left, 13 of right, 14 of outputs
        15, 16 whether k lies side by side in left, in right
        17 rows, 18 columns, 19 count of k, 20 k at once
    """
    left = address_of(arguments, 0, tile, worker)
    right = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    scratch = address_of(arguments, 9, tile, worker)
    x_stride, y_stride = integer(arguments, 12), integer(arguments, 13)
    row = integer(arguments, 14)
    x_along, y_along = integer(arguments, 15) != 0, integer(arguments, 16) != 0
    rows, columns = integer(arguments, 17), integer(arguments, 18)
    count, together = integer(arguments, 19), integer(arguments, 20)
    x_step, y_step = 4 if x_along else x_stride, 4 if y_along else y_stride
    y_line = y_stride if y_along else 4
    corner, y = scratch + TURN_BYTES, scratch + FIRST_BYTES
    x = y + together // STEP * UNIT_BYTES
    begin_matrices()
    for first in range(0, count, together):
        part = min(together, count - first)
        start = left + first * x_step
        pack(start, x_stride, x_along, True, rows, part, x, scratch)
        for column in range(0, columns, SIDE):
            wide = min(SIDE, columns - column)
            start = right + column * y_line + first * y_step
            pack(start, y_stride, y_along, False, wide, part, y, scratch)
            out = outputs + 4 * column
            multiply(x, y, out, row, rows, wide, part, first > 0, corner)
    end_matrices()


def scratch_bytes(rows: int, together: int = TOGETHER, *, is_packed: bool) -> int:
    """What a product of so many rows needs; `is_packed` says that its right side is."""
    right = 0 if is_packed else packed_bytes(SIDE, together)
    return FIRST_BYTES + right + packed_bytes(rows, together)


product_of_packed_entry = Entry(_product_of_packed_entry, by_unit=True)
pack_right_entry = Entry(_pack_right_entry)
matrix_product_entry = Entry(_matrix_product_entry, by_unit=True)
