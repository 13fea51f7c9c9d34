"""Dropout over one tile: masks are computed from their keys, not stored.

Layout: (rows, columns) with a stride; a column is an example, a row the position within
the example that counts the draws of the plain layer.

Source
    Salmon, Moraes, Dror, Shaw (2011): Philox4x32-10, as in `handgrad.randomness`.
"""

import numpy as np
from numba import carray

from handgrad.engine.kernels.declaration import (
    FLOATS,
    LONGS,
    TILE,
    Sizes,
    matrix,
    reads,
    scratch,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel, kernel_entry, kernel_family
from handgrad.engine.kernels.gather import COUNT, EXAMPLES, INPUTS
from handgrad.engine.kernels.machine import long_pointer

u32, u64 = np.uint32, np.uint64
M0, M1 = u64(0xD2511F53), u64(0xCD9E8D57)
W0, W1 = u64(0x9E3779B9), u64(0xBB67AE85)
WORD, SHIFT = u64(0xFFFFFFFF), u64(32)
ZERO = np.float32(0)


@kernel
def philox_words(block, example, step, k0, k1):
    """Four 32-bit draws: Philox at the counter (block, example, step, 0)."""
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
    """outputs = values * scale where the draw is at least the threshold, else 0.

    Stands for
        Dropout.forward and Dropout.backward, with the same draws
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
    """The same for one example a row: the position within an example is the column."""
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


@kernel_family
def dropout_kernel(*, in_place: bool, by_rows: bool = False) -> Kernel:
    """Dropout, forward or backward; with `by_rows` an example is a row.

    `draw` holds two key words, the step and the threshold.
    """

    @kernel_entry(operations=times("rows", "columns"))
    def dropout(
        block: reads(LONGS, INPUTS),
        values: (updates if in_place else reads)(
            FLOATS, matrix("rows", "columns", "stride")
        ),
        outputs: writes(
            FLOATS, 0 if in_place else matrix("rows", "columns", "out_stride")
        ),
        draw: reads(LONGS, 4),
        scale: reads(FLOATS, 1),
        examples: scratch(LONGS, "rows" if by_rows else "columns"),
        sizes: Sizes("rows columns stride out_stride"),
        tile: TILE,
    ):
        words = (u64(draw[0]), u64(draw[1]), u64(draw[2]), u64(draw[3]))
        count = sizes[0] if by_rows else sizes[1]
        all_examples = carray(long_pointer(block[EXAMPLES]), (block[COUNT],))
        for n in range(count):
            place = tile * count + n
            examples[n] = all_examples[place] if place < block[COUNT] else 0
        target = values if in_place else outputs
        if by_rows:
            drop_rows(values, target, examples, words, sizes, scale[0])
        else:
            drop(values, target, examples, words, sizes, scale[0])

    return dropout
