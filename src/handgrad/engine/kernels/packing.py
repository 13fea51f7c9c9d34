"""Panels: up to 48 columns of a matrix, row after row, for products by registers."""

from numba import carray

from handgrad.engine.kernels.entry import kernel
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.kernels.product_blocks import WIDTH, copy_rows
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.simd_blocks import transpose_block


@kernel
def transpose_panel(matrix, row, outs, inputs, panel):
    """panel[k, o] = matrix[o, k] for up to 48 `outs` and any `inputs`; rows in bytes.

    Whole squares of 16 x 16 go through registers.
    """
    squares, whole = outs // LANES * LANES, inputs // LANES * LANES
    for first in range(0, squares, LANES):
        for column in range(0, whole, LANES):
            source = matrix + first * row + 4 * column
            target = panel + 4 * (column * WIDTH + first)
            transpose_block(source, row, target, 4 * WIDTH)
    numbers = carray(float_pointer(panel), (inputs * WIDTH,))
    for out in range(outs):
        source = carray(float_pointer(matrix + out * row), (inputs,))
        for column in range(whole if out < squares else 0, inputs):
            numbers[column * WIDTH + out] = source[column]


@kernel
def copy_panel(matrix, row, count, columns, panel):
    """panel[k, v] = matrix[k, v] for `count` rows and up to 48 columns."""
    whole = columns // LANES
    copy_rows(matrix, row, panel, 4 * WIDTH, count, whole)
    for k in range(count if columns > whole * LANES else 0):
        source = carray(float_pointer(matrix + k * row), (columns,))
        target = carray(float_pointer(panel + 4 * k * WIDTH), (columns,))
        for column in range(whole * LANES, columns):
            target[column] = source[column]
