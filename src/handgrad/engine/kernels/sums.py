"""The sum of body and shortcut of a residual connection, and its gradient; on a tile.

Layout: (rows, columns) with a stride from row to row, see `activations`.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLOATS,
    Sizes,
    matrix,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family

ZERO = np.float32(0)


def rows_of(stride):
    """The range of rows with this stride."""
    return matrix("rows", "columns", stride)


@kernel_family
def sum_kernel(*, has_relu: bool, in_place: bool) -> Kernel:
    """outputs = body + shortcut, with the ReLU after it where there is one.

    With `in_place` the sum overwrites the body's outputs.

    Stands for
        the sum of Residual.forward, ReLU.forward
    """

    @kernel_entry(operations=times("rows", "columns"))
    def residual_sum(
        body: (updates if in_place else reads)(FLOATS, rows_of("stride")),
        shortcut: reads(FLOATS, rows_of("other_stride")),
        outputs: writes(FLOATS, 0 if in_place else rows_of("out_stride")),
        sizes: Sizes("rows columns stride other_stride out_stride"),
    ):
        rows, columns, stride, other_stride, out_stride = sizes
        for row in range(rows):
            one = body[row * stride : row * stride + columns]
            two = shortcut[row * other_stride : row * other_stride + columns]
            results = one
            if not in_place:
                results = outputs[row * out_stride : row * out_stride + columns]
            for column in range(columns):
                value = one[column] + two[column]
                results[column] = ZERO if has_relu and value < ZERO else value

    return residual_sum


@kernel_family
def split_kernel(*, has_relu: bool) -> Kernel:
    """The gradient of the sum for both terms: d_outputs in place, and a copy.

    The ReLU's derivative follows from the outputs, which are not read without ReLU.

    Stands for
        ReLU.backward, Residual.backward
    """

    @kernel_entry(operations=times("rows", "columns"))
    def residual_split(
        d_outputs: updates(FLOATS, rows_of("stride")),
        outputs: reads(FLOATS, rows_of("out_stride") if has_relu else 0),
        copy: writes(FLOATS, rows_of("copy_stride")),
        sizes: Sizes("rows columns stride out_stride copy_stride"),
    ):
        rows, columns, stride, out_stride, copy_stride = sizes
        for row in range(rows):
            d_sum = d_outputs[row * stride : row * stride + columns]
            other = copy[row * copy_stride : row * copy_stride + columns]
            if has_relu:
                keep = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = d_sum[column] if keep[column] > ZERO else ZERO
                    d_sum[column] = value
                    other[column] = value
            else:
                for column in range(columns):
                    other[column] = d_sum[column]

    return residual_split
