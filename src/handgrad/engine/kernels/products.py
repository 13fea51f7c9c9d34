"""Matrix products of one tile by BLAS, and sums of rows."""

from handgrad.engine.kernels.blas import call_sgemm, sgemm_address
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    SIZE,
    Library,
    Sizes,
    at,
    by,
    matrix,
    reads,
    strided,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.simd_blocks import row_sum


def operand(rows, columns, stride, is_transposed):
    """The range of a matrix, or of the one whose transpose it is."""
    shape = (columns, rows) if is_transposed else (rows, columns)
    return strided(*shape, stride)


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
    function: Library(sgemm_address),
    sizes: Sizes("rows columns inner left_stride right_stride out_stride"),
    left_transposed: FLAG,
    right_transposed: FLAG,
):
    """Row-major outputs (rows, columns) = op(left) op(right); strides in floats.

    Stands for
        the product in Linear.forward, d_inputs and d_weight of Linear.backward
    """
    rows, columns, inner, left_stride, right_stride, out_stride = sizes
    call_sgemm(
        *(function, int(right_transposed), int(left_transposed), columns, rows, inner),
        *(right, right_stride, left, left_stride, outputs, out_stride),
    )


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
