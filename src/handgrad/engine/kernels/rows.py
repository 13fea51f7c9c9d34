"""Matrix products of perceptrons, one example a row, in vector registers.

All three products of a linear layer are sums of a number times a row:

    forward    outputs[n]  = sum over k of inputs[n, k] * weight.T[k]
    backward   d_inputs[n] = sum over o of d_outputs[n, o] * weight[o]
    gradient   d_weight[o] = sum over n of d_outputs[n, o] * inputs[n]

so each number is broadcast and each row is read in whole registers. Activations are
read in place; weights are packed into panels of 48 columns, whose rows are contiguous.
"""

from handgrad.engine.kernels.declaration import (
    FLOATS,
    Sizes,
    Span,
    at,
    matrix,
    reads,
    scratch,
    strided,
    times,
    writes,
)
from handgrad.engine.kernels.entry import kernel_entry
from handgrad.engine.kernels.packing import transpose_panel
from handgrad.engine.kernels.product_blocks import (
    ROWS,
    VECTORS,
    WIDTH,
    copy_rows,
    some_rows,
)
from handgrad.engine.kernels.registers import LANES, VECTOR_BYTES

OUTPUTS = matrix("rows", "columns", "row", item=4)


def panels_of(columns, count, panel):
    """The range of panels for `columns` x `count` numbers, `panel` floats apart."""
    before = max(0, columns - 1) // WIDTH
    last = columns - before * WIDTH
    return Span(0, before * panel + (count - 1) * WIDTH + last, columns * count)


@kernel_entry(operations=times(2, "rows", "columns", "count"))
def rows_product(
    left: reads(at(FLOATS), matrix("rows", "count", "left_row", item=4)),
    right: reads(
        at(FLOATS), lambda columns, count, panel: panels_of(columns, count, panel // 4)
    ),
    outputs: writes(at(FLOATS), OUTPUTS),
    sizes: Sizes("left_row panel row rows columns count together"),
):
    """outputs = left @ right, packed in panels; columns are a multiple of 16.

    `left_row`, `row` and `panel` are bytes from row to row, and from panel to panel;
    `count` is the length of the inner sum, `together` of them are added at once.

    Stands for
        the products of Linear.forward and d_inputs of Linear.backward
    """
    left_row, panel, row, rows, columns, count, together = sizes
    vectors = columns // LANES
    for first in range(0, count, together):
        part = min(together, count - first)
        steps = (left_row, ROWS * left_row, 4, 4 * WIDTH, part, row, -int(first > 0))
        for group in range((vectors + VECTORS - 1) // VECTORS):
            some = min(VECTORS, vectors - group * VECTORS)
            out = outputs + 4 * WIDTH * group
            start = right + group * panel + 4 * WIDTH * first
            some_rows(rows, some, left + 4 * first, start, out, steps)


def rounded(rows):
    """Rows, rounded up to a multiple of eight."""
    return (rows + ROWS - 1) // ROWS * ROWS


@kernel_entry(
    operations=times(2, "rows", "columns", "count"),
    bytes_moved=lambda rows, columns, count: (
        4 * (rows * columns + (rows + columns) * count)
    ),
)
def rows_gradient(
    d_outputs: reads(
        at(FLOATS),
        lambda rows, count, d_row: strided(count, rounded(rows) + ROWS, d_row // 4),
    ),
    inputs: reads(at(FLOATS), matrix("count", "columns", "in_row", item=4)),
    d_weight: writes(at(FLOATS), OUTPUTS),
    packed: scratch(
        at(FLOATS),
        lambda rows, columns, count: (
            count * (rounded(rows) + min(columns, WIDTH)) + LANES
        ),
    ),
    sizes: Sizes("d_row in_row row rows columns count together"),
):
    """d_weight = d_outputs.T @ inputs: some of its rows, and columns (16 at once).

    Stands for
        d_weight of Linear.backward

    Why
        both operands are packed first: each row of a batch is on other pages, and would
        miss the TLB; a whole register is read for each eight of `d_outputs`
    """
    d_row, in_row, row, rows, columns, count, together = sizes
    vectors, blocks = columns // LANES, (rows + ROWS - 1) // ROWS
    few, block_bytes = 4 * ROWS, 4 * ROWS * count
    for block in range(blocks):
        source, target = d_outputs + block * few, packed + block * block_bytes
        copy_rows(source, d_row, target, few, count, 1)
    right = packed + blocks * block_bytes + VECTOR_BYTES
    for group in range((vectors + VECTORS - 1) // VECTORS):
        wide = min(VECTORS, vectors - group * VECTORS)
        source, step = inputs + 4 * WIDTH * group, wide * VECTOR_BYTES
        copy_rows(source, in_row, right, step, count, wide)
        target = d_weight + 4 * WIDTH * group
        for first in range(0, count, together):
            part = min(together, count - first)
            steps = (4, block_bytes, few, step, part, row, -int(first > 0))
            left = packed + first * few
            some_rows(rows, wide, left, right + first * step, target, steps)


@kernel_entry()
def transpose_panels(
    weight: reads(at(FLOATS), times("outs", "inputs")),
    panels: writes(
        at(FLOATS), lambda outs, inputs: panels_of(outs, inputs, WIDTH * inputs)
    ),
    sizes: Sizes("outs inputs"),
):
    """Some panels of weight.T, from their first row; `inputs` are a multiple of 16."""
    outs, inputs = sizes
    for first in range(0, outs, WIDTH):
        some = min(WIDTH, outs - first)
        start = 4 * first * inputs
        transpose_panel(weight + start, 4 * inputs, some, inputs, panels + start)


@kernel_entry()
def copy_panels(
    weight: reads(at(FLOATS), OUTPUTS),
    panels: writes(
        at(FLOATS), lambda rows, columns: panels_of(columns, rows, WIDTH * rows)
    ),
    sizes: Sizes("rows columns row"),
):
    """Some panels of weight, from their first column: (rows, 48) each."""
    rows, columns, row = sizes
    for first in range(0, columns, WIDTH):
        wide = min(WIDTH, columns - first) // LANES
        source, target = weight + 4 * first, panels + 4 * first * rows
        copy_rows(source, row, target, 4 * WIDTH, rows, wide)


@kernel_entry(operations=times("rows", "columns"))
def column_sums(
    values: reads(FLOATS, matrix("rows", "columns", "stride")),
    sums: writes(FLOATS, "columns"),
    sizes: Sizes("rows columns stride"),
):
    """sums[c] = sum of column c, row after row; stands for d_bias."""
    rows, columns, stride = sizes
    sums[:columns] = 0
    for row in range(rows):
        line = values[row * stride : row * stride + columns]
        for column in range(columns):
            sums[column] += line[column]


@kernel_entry()
def transpose_matrix(
    source: reads(FLOATS, matrix("rows", "columns", "stride")),
    target: writes(FLOATS, matrix("columns", "rows", "out_stride")),
    sizes: Sizes("rows columns stride out_stride"),
):
    """target[c, r] = source[r, c]."""
    rows, columns, stride, out_stride = sizes
    for row in range(rows):
        for column in range(columns):
            target[column * out_stride + row] = source[row * stride + column]
