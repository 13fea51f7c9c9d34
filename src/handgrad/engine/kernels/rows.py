"""Matrix products of perceptrons, one example a row, in vector registers.

All three products of a linear layer are sums of a number times a row:

    forward    outputs[n]  = sum over k of inputs[n, k] * weight.T[k]
    backward   d_inputs[n] = sum over o of d_outputs[n, o] * weight[o]
    gradient   d_weight[o] = sum over n of d_outputs[n, o] * inputs[n]

so each number is broadcast and each row is read in whole registers. Activations serve
as they lie; weights go into panels of 48 columns, so that a row of a panel follows the
one before it.
"""

from numba import carray

from handgrad.engine.kernels.entry import (
    Entry,
    address_of,
    floats,
    integer,
    kernel,
)
from handgrad.engine.kernels.machine import float_pointer
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES
from handgrad.engine.kernels.vector import copy_vector, outer_block, transpose_block

ROWS, VECTORS = 8, 3  # 24 running sums of the 32 registers
WIDTH = VECTORS * LANES


@kernel
def some_rows(rows, vectors, left, right, outputs, sizes):
    """`rows` rows (eight at once, then one) of `vectors` vectors of a product.

    Sizes
        bytes from row to row of left, from eight to eight, from k to k; from k to k of
        right; how many k; bytes from row to row of outputs; -1 to add to outputs
    """
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


def _rows_product_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the products of Linear.forward and d_inputs of Linear.backward.

    Arguments
        0 left, 3 right (panels), 6 outputs; bytes: 9 left row, 10 from panel to panel,
        11 output row; 12 rows, 13 columns (by the 16), 14 count of k, 15 k at once
    """
    left = address_of(arguments, 0, tile, worker)
    right = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    left_row, panel = integer(arguments, 9), integer(arguments, 10)
    row, rows = integer(arguments, 11), integer(arguments, 12)
    vectors = integer(arguments, 13) // LANES
    count, together = integer(arguments, 14), integer(arguments, 15)
    for first in range(0, count, together):
        part = min(together, count - first)
        sizes = (left_row, ROWS * left_row, 4, 4 * WIDTH, part, row, -int(first > 0))
        for group in range((vectors + VECTORS - 1) // VECTORS):
            some_rows(
                rows,
                min(VECTORS, vectors - group * VECTORS),
                left + 4 * first,
                right + group * panel + 4 * WIDTH * first,
                outputs + 4 * WIDTH * group,
                sizes,
            )


@kernel
def copy_rows(source, source_row, target, target_row, rows, vectors):
    """Copy whole registers, row after row; a later row may overwrite one's end."""
    for row in range(rows):
        for vector in range(vectors):
            along = vector * VECTOR_BYTES
            copy_vector(
                source + row * source_row + along, target + row * target_row + along
            )


def _rows_gradient_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for d_weight of Linear.backward: some rows and columns of it.

    Both sides are copied side by side first: rows of a batch lie far apart, and each
    would cost the processor a look into its table of pages.

    Arguments
        0 d_outputs (first column), 3 inputs (first column), 6 d_weight, 9 scratch
        bytes: 12 row of d_outputs, 13 of inputs, 14 of d_weight
        15 outputs, 16 columns (by the 16), 17 examples
    """
    d_outputs = address_of(arguments, 0, tile, worker)
    inputs = address_of(arguments, 3, tile, worker)
    out = address_of(arguments, 6, tile, worker)
    left = address_of(arguments, 9, tile, worker)
    row, outs = integer(arguments, 14), integer(arguments, 15)
    vectors, count = integer(arguments, 16) // LANES, integer(arguments, 17)
    blocks = (outs + ROWS - 1) // ROWS
    few, block_bytes = 4 * ROWS, 4 * ROWS * count
    for block in range(blocks):
        source, target = d_outputs + block * few, left + block * block_bytes
        copy_rows(source, integer(arguments, 12), target, few, count, 1)
    right = left + blocks * block_bytes + VECTOR_BYTES
    for group in range((vectors + VECTORS - 1) // VECTORS):
        wide = min(VECTORS, vectors - group * VECTORS)
        source, step = inputs + 4 * WIDTH * group, wide * VECTOR_BYTES
        copy_rows(source, integer(arguments, 13), right, step, count, wide)
        sizes = (4, block_bytes, few, step, count, row, 0)
        some_rows(outs, wide, left, right, out + 4 * WIDTH * group, sizes)


@kernel
def turn_panel(weight, row, outs, inputs, panel):
    """panel[k, o] = weight[o, k] for up to 48 outputs, and `inputs` by the 16."""
    whole = outs // LANES * LANES
    for first in range(0, whole, LANES):
        for column in range(0, inputs, LANES):
            source = weight + first * row + 4 * column
            target = panel + 4 * (column * WIDTH + first)
            transpose_block(source, row, target, 4 * WIDTH)
    for out in range(whole, outs):
        source = carray(float_pointer(weight + out * row), (inputs,))
        target = carray(float_pointer(panel), (inputs * WIDTH,))
        for column in range(inputs):
            target[column * WIDTH + out] = source[column]


def _panels_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for weight.T: some panels of it.

    Arguments
        0 weight (first row of the panels), 3 panels (the first); 6 outputs (rows),
        7 inputs (columns, by the 16)
    """
    weight = address_of(arguments, 0, tile, worker)
    panels = address_of(arguments, 3, tile, worker)
    outs, inputs = integer(arguments, 6), integer(arguments, 7)
    for first in range(0, outs, WIDTH):
        some = min(WIDTH, outs - first)
        start = 4 * first * inputs
        turn_panel(weight + start, 4 * inputs, some, inputs, panels + start)


def _turned_product_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for the product of Linear.forward, some outputs of the whole batch.

    The weight is read as it lies, and turned a panel at a time beside the product.

    Arguments
        0 inputs, 3 weight (first row), 6 outputs (first column), 9 scratch (a panel)
        bytes: 12 row of inputs, 13 of outputs
        14 examples, 15 outputs (by the 16), 16 inputs (by the 16), 17 inputs at once
    """
    left = address_of(arguments, 0, tile, worker)
    weight = address_of(arguments, 3, tile, worker)
    outputs = address_of(arguments, 6, tile, worker)
    panel = address_of(arguments, 9, tile, worker)
    left_row, row = integer(arguments, 12), integer(arguments, 13)
    rows, outs = integer(arguments, 14), integer(arguments, 15)
    count, together = integer(arguments, 16), integer(arguments, 17)
    for first in range(0, count, together):
        part = min(together, count - first)
        sizes = (left_row, ROWS * left_row, 4, 4 * WIDTH, part, row, -int(first > 0))
        for out in range(0, outs, WIDTH):
            some = min(WIDTH, outs - out)
            source = weight + 4 * (out * count + first)
            turn_panel(source, 4 * count, some, part, panel)
            target = outputs + 4 * out
            some_rows(rows, some // LANES, left + 4 * first, panel, target, sizes)


def _copied_panels_entry(arguments: int, tile: int, worker: int) -> None:
    """Stands for weight: some panels of it, each (outputs, 48) side by side.

    Arguments
        0 weight (first column), 3 panels (the first); 6 outputs, 7 columns (by the 16),
        8 bytes from row to row of weight
    """
    weight = address_of(arguments, 0, tile, worker)
    panels = address_of(arguments, 3, tile, worker)
    outs, columns = integer(arguments, 6), integer(arguments, 7)
    for first in range(0, columns, WIDTH):
        wide = min(WIDTH, columns - first) // LANES
        source, target = weight + 4 * first, panels + 4 * first * outs
        copy_rows(source, integer(arguments, 8), target, 4 * WIDTH, outs, wide)


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
rows_gradient_entry = Entry(_rows_gradient_entry)
turned_product_entry = Entry(_turned_product_entry)
panels_entry = Entry(_panels_entry)
copied_panels_entry = Entry(_copied_panels_entry)
column_sums_entry = Entry(_column_sums_entry)
turn_entry = Entry(_turn_entry)
