"""Matrix products of one tile, and weight gradients of a whole batch in blocks."""

from handgrad.engine.kernels.blas import call_sgemm
from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
)
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.vector import row_sum


@kernel
def product(function, left, right, outputs, sizes, flags):
    """Row-major outputs (rows, columns) = op(left) op(right) (+ outputs).

    Sizes
        rows, columns, inner, then the row strides of left, right, outputs as stored
    """
    rows, columns, inner, left_stride, right_stride, out_stride = sizes
    left_turned, right_turned, adds = flags
    call_sgemm(
        function,
        right_turned,
        left_turned,
        columns,
        rows,
        inner,
        1.0,
        right,
        right_stride,
        left,
        left_stride,
        1.0 if adds != 0 else 0.0,
        outputs,
        out_stride,
    )


def _product_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the product in Linear.forward and for d_inputs of Linear.backward.

    Arguments
        0 left, 3 right, 6 outputs; 9 address of sgemm, 10 sizes (6), 16 flags (3)
    """
    product(
        integer(arguments, 9),
        address_of(arguments, 0, tile, worker),
        address_of(arguments, 3, tile, worker),
        address_of(arguments, 6, tile, worker),
        (
            integer(arguments, 10),
            integer(arguments, 11),
            integer(arguments, 12),
            integer(arguments, 13),
            integer(arguments, 14),
            integer(arguments, 15),
        ),
        (integer(arguments, 16), integer(arguments, 17), integer(arguments, 18)),
    )


def _row_sums_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for d_bias: 0 d_outputs, 3 d_bias (added to); 6 rows, 7 columns, 8 stride.

    Columns come by the 32: a tile's examples, or a whole batch's.
    """
    rows, stride = integer(arguments, 6), integer(arguments, 8)
    vectors = integer(arguments, 7) // LANES
    values = address_of(arguments, 0, tile, worker)
    sums = floats(arguments, 3, tile, worker, rows)
    for row in range(rows):
        sums[row] += row_sum(values + 4 * row * stride, vectors)


@kernel
def clear(values, size):
    """Set to zero."""
    values[:size] = 0


def _clear_entry(arguments: int, tile: int, worker: int) -> None:
    """0 values; 3 size."""
    size = integer(arguments, 3)
    clear(floats(arguments, 0, tile, worker, size), size)


product_entry = Entry(_product_entry)
row_sums_entry = Entry(_row_sums_entry)
clear_entry = Entry(_clear_entry)
