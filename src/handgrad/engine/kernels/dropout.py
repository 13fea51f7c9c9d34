"""Dropout over one tile: every mask bit computed from its key, none stored.

Layout: (rows, columns) with a stride; a column is an example, a row is the position
within an example that the plain layer's draw is counted by.

Source
    Salmon, Moraes, Dror, Shaw (2011): Philox4x32-10, as in `handgrad.randomness`.
"""

from functools import cache

import numpy as np
from numba import carray

from handgrad.engine.kernels.entry import Entry, floats, integer, kernel, longs
from handgrad.engine.kernels.gather import COUNT, EXAMPLES, INPUTS
from handgrad.engine.kernels.machine import long_pointer

u32, u64 = np.uint32, np.uint64
M0, M1 = u64(0xD2511F53), u64(0xCD9E8D57)
W0, W1 = u64(0x9E3779B9), u64(0xBB67AE85)
WORD, SHIFT = u64(0xFFFFFFFF), u64(32)
ZERO = np.float32(0)


@kernel
def philox_words(block, example, step, k0, k1):
    """Four 32-bit draws: the words of Philox at (block, example, step, 0)."""
    c0, c1, c2, c3 = block, example, step, u64(0)
    for _ in range(10):
        first, second = c0 * M0, c2 * M1
        c0 = (second >> SHIFT) ^ c1 ^ k0
        c2 = (first >> SHIFT) ^ c3 ^ k1
        c1 = second & WORD
        c3 = first & WORD
        k0 = (k0 + W0) & WORD
        k1 = (k1 + W1) & WORD
    return c0, c1, c2, c3


@kernel
def drop(values, outputs, examples, draw, sizes, scale):
    """outputs = values * scale where the draw is kept, else 0.

    Stands for
        Dropout.forward and Dropout.backward: the same draw, so no mask is kept
    """
    k0, k1, step, threshold = draw
    rows, columns, stride, out_stride = sizes
    for block in range(-(-rows // 4)):
        height = min(4, rows - 4 * block)
        for n in range(columns):
            words = philox_words(u64(block), u64(examples[n]), step, k0, k1)
            for part in range(height):
                row = 4 * block + part
                value = values[row * stride + n] * scale
                kept = words[part] >= threshold
                outputs[row * out_stride + n] = value if kept else ZERO


@kernel
def drop_rows(values, outputs, examples, draw, sizes, scale):
    """The same with an example a row: the position within an example is the column."""
    k0, k1, step, threshold = draw
    rows, columns, stride, out_stride = sizes
    for n in range(rows):
        for block in range(-(-columns // 4)):
            words = philox_words(u64(block), u64(examples[n]), step, k0, k1)
            for part in range(min(4, columns - 4 * block)):
                column = 4 * block + part
                value = values[n * stride + column] * scale
                kept = words[part] >= threshold
                outputs[n * out_stride + column] = value if kept else ZERO


@cache
def dropout_entry(*, in_place: bool, by_rows: bool = False) -> Entry:
    """Dropout, forward or backward; in place is said at compile time.

    With `by_rows` an example is a row and not a column.

    Arguments
        0 inputs block, 3 values, 6 outputs, 9 draw (int64: two key words, step,
        threshold), 12 scale (one float), 15 scratch (columns int64)
        18 rows, 19 columns, 20 stride of values, 21 of outputs
    """

    def dropout_entry_function(arguments: int, tile: int, worker: int) -> None:
        inputs = longs(arguments, 0, tile, worker, INPUTS)
        rows, columns = integer(arguments, 18), integer(arguments, 19)
        stride, out_stride = integer(arguments, 20), integer(arguments, 21)
        numbers = longs(arguments, 9, tile, worker, 4)
        draw = (u64(numbers[0]), u64(numbers[1]), u64(numbers[2]), u64(numbers[3]))
        count = rows if by_rows else columns
        examples = longs(arguments, 15, tile, worker, count)
        all_examples = carray(long_pointer(inputs[EXAMPLES]), (inputs[COUNT],))
        for n in range(count):
            place = tile * count + n
            examples[n] = all_examples[place] if place < inputs[COUNT] else 0
        values = floats(arguments, 3, tile, worker, rows * stride)
        outputs = floats(arguments, 6, tile, worker, rows * out_stride)
        scale = floats(arguments, 12, tile, worker, 1)[0]
        sizes = (rows, columns, stride, out_stride)
        target = values if in_place else outputs
        if by_rows:
            drop_rows(values, target, examples, draw, sizes, scale)
        else:
            drop(values, target, examples, draw, sizes, scale)

    return Entry(dropout_entry_function)
