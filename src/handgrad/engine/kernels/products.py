"""Matrix products of one tile, and weight gradients of a whole batch in blocks."""

from handgrad.engine.kernels.blas import call_sgemm, sgemm_address
from handgrad.engine.kernels.declaration import (
    FLAG,
    FLOATS,
    SIZE,
    Library,
    at,
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


def side(rows, columns, stride, is_turned):
    """How far a matrix reaches, or the one whose transpose it is."""
    shape = (columns, rows) if is_turned else (rows, columns)
    return strided(*shape, stride)


@kernel_entry(operations=times(2, "rows", "columns", "inner"))
def product(
    left: reads(
        at(FLOATS),
        lambda rows, inner, left_stride, left_turned: side(
            rows, inner, left_stride, left_turned
        ),
    ),
    right: reads(
        at(FLOATS),
        lambda inner, columns, right_stride, right_turned: side(
            inner, columns, right_stride, right_turned
        ),
    ),
    outputs: writes(at(FLOATS), matrix("rows", "columns", "out_stride")),
    function: Library(sgemm_address),
    rows: SIZE,
    columns: SIZE,
    inner: SIZE,
    left_stride: SIZE,
    right_stride: SIZE,
    out_stride: SIZE,
    left_turned: FLAG,
    right_turned: FLAG,
):
    """Row-major outputs (rows, columns) = op(left) op(right); strides in floats.

    Stands for
        the product in Linear.forward, d_inputs and d_weight of Linear.backward
    """
    call_sgemm(
        function,
        int(right_turned),
        int(left_turned),
        columns,
        rows,
        inner,
        1.0,
        right,
        right_stride,
        left,
        left_stride,
        0.0,
        outputs,
        out_stride,
    )


@kernel_entry(operations=times("rows", "columns"))
def row_sums(
    values: reads(at(FLOATS), matrix("rows", "columns", "stride")),
    sums: updates(FLOATS, "rows"),
    rows: SIZE,
    columns: SIZE,
    stride: SIZE,
):
    """sums[row] += sum of the row; stands for d_bias.

    Columns come by the 32: a tile's examples, or a whole batch's.
    """
    for row in range(rows):
        sums[row] += row_sum(values + 4 * row * stride, columns // LANES)


@kernel_entry()
def clear(values: writes(FLOATS, "size"), size: SIZE):
    """Set to zero."""
    values[:size] = 0
