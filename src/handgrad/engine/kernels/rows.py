"""Matrix products of perceptrons, one example a row, in vector registers.

All three products of a linear layer are sums of a number times a row:

    forward    outputs[n]  = sum over k of inputs[n, k] * weight.T[k]
    backward   d_inputs[n] = sum over o of d_outputs[n, o] * weight[o]
    gradient   d_weight[o] = sum over n of d_outputs[n, o] * inputs[n]

so each number is broadcast and each row is read in whole registers. Activations serve
as they lie; weights go into panels of 48 columns, so that a row of a panel follows the
one before it.
"""

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
)
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.vector import outer_block, transpose_block

ROWS, VECTORS = 8, 3  # 24 running sums of the 32 registers
WIDTH = VECTORS * LANES


@kernel
def some_rows(first, rows, vectors, left, right, outputs, sizes):
    """`rows` rows (eight at once, then one) of `vectors` vectors of a product."""
    left_row, step, right_step, count, row = sizes
    at = first
    while at + ROWS <= rows:
        start, out = left + at * left_row, outputs + at * row
        if vectors == 3:
            outer_block(8, 3, start, left_row, step, right, right_step, count, out, row)
        elif vectors == 2:
            outer_block(8, 2, start, left_row, step, right, right_step, count, out, row)
        else:
            outer_block(8, 1, start, left_row, step, right, right_step, count, out, row)
        at += ROWS
    while at < rows:
        start, out = left + at * left_row, outputs + at * row
        for vector in range(vectors):
            beside = right + vector * VECTOR_BYTES
            below = out + vector * VECTOR_BYTES
            outer_block(
                1, 1, start, left_row, step, beside, right_step, count, below, row
            )
        at += 1


def _rows_product_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the products of Linear.forward and Linear.backward.

    Arguments
        0 left, 3 right, 6 outputs; bytes: 9 left row, 10 left step, 11 right step,
        12 from group to group in right, 13 output row; 14 rows, 15 columns (by the 16),
        16 count of k
    """
    left = address_of(arguments, 0, tile, worker)
    right = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    sizes = (
        integer(arguments, 9),
        integer(arguments, 10),
        integer(arguments, 11),
        integer(arguments, 16),
        integer(arguments, 13),
    )
    group_step, rows = integer(arguments, 12), integer(arguments, 14)
    vectors = integer(arguments, 15) // LANES
    for group in range((vectors + VECTORS - 1) // VECTORS):
        wide = min(VECTORS, vectors - group * VECTORS)
        some_rows(
            0,
            rows,
            wide,
            left,
            right + group * group_step,
            outputs + group * WIDTH * 4,
            sizes,
        )


def _panels_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for weight.T: some panels of it.

    Arguments
        0 weight (first row of the panels), 3 panels (the first); 6 outputs (rows),
        7 inputs (columns, by the 16)
    """
    weight = address_of(arguments, 0, tile, worker)
    panels = address_of(arguments, 3, tile, worker)
    outs, inputs = integer(arguments, 6), integer(arguments, 7)
    source = floats(arguments, 0, tile, worker, outs * inputs)
    count = (outs + WIDTH - 1) // WIDTH
    target = floats(arguments, 3, tile, worker, count * inputs * WIDTH)
    whole = outs // LANES
    for block in range(whole):
        panel, place = block * LANES // WIDTH, block * LANES % WIDTH
        for column in range(0, inputs, LANES):
            transpose_block(
                weight + 4 * (block * LANES * inputs + column),
                4 * inputs,
                panels + 4 * ((panel * inputs + column) * WIDTH + place),
                4 * WIDTH,
            )
    for row in range(whole * LANES, outs):
        panel, place = row // WIDTH, row % WIDTH
        for column in range(inputs):
            at = (panel * inputs + column) * WIDTH + place
            target[at] = source[row * inputs + column]


def _copied_panels_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for weight: all its panels, each (outputs, 48) side by side.

    Arguments
        0 weight, 3 panels; 6 outputs, 7 inputs (by the 16)
    """
    outs, inputs = integer(arguments, 6), integer(arguments, 7)
    source = floats(arguments, 0, tile, worker, outs * inputs)
    count = (inputs + WIDTH - 1) // WIDTH
    target = floats(arguments, 3, tile, worker, count * outs * WIDTH)
    for row in range(outs):
        for panel in range(count):
            first = panel * WIDTH
            wide = min(WIDTH, inputs - first)
            at = (panel * outs + row) * WIDTH
            for column in range(wide):
                target[at + column] = source[row * inputs + first + column]


@kernel
def add_column_sums(values, sums, rows, columns, stride):
    """sums[c] = sum of column c, row after row."""
    sums[:columns] = 0
    for row in range(rows):
        line = values[row * stride : row * stride + columns]
        for column in range(columns):
            sums[column] += line[column]


def _column_sums_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for d_bias: 0 d_outputs, 3 d_bias; 6 rows, 7 columns, 8 stride."""
    rows, columns = integer(arguments, 6), integer(arguments, 7)
    stride = integer(arguments, 8)
    add_column_sums(
        floats(arguments, 0, tile, worker, rows * stride),
        floats(arguments, 3, tile, worker, columns),
        rows,
        columns,
        stride,
    )


@kernel
def turn(source, target, rows, columns, source_stride, target_stride):
    """target[c, r] = source[r, c]."""
    for row in range(rows):
        for column in range(columns):
            target[column * target_stride + row] = source[row * source_stride + column]


def _turn_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for nothing: 0 source, 3 target; 6 rows, 7 columns, 8 and 9 strides."""
    rows, columns = integer(arguments, 6), integer(arguments, 7)
    source_stride, target_stride = integer(arguments, 8), integer(arguments, 9)
    turn(
        floats(arguments, 0, tile, worker, rows * source_stride),
        floats(arguments, 3, tile, worker, columns * target_stride),
        rows,
        columns,
        source_stride,
        target_stride,
    )


rows_product_entry = Entry(_rows_product_entry)
panels_entry = Entry(_panels_entry)
copied_panels_entry = Entry(_copied_panels_entry)
column_sums_entry = Entry(_column_sums_entry)
turn_entry = Entry(_turn_entry)
