"""The sum of two ways through a network, and its gradient for both; over a tile.

Layout: (rows, columns) with a stride from row to row, see `activations`.
"""

import numpy as np

from handgrad.engine.kernels.declaration import (
    FLOATS,
    SIZE,
    matrix,
    reads,
    times,
    updates,
    writes,
)
from handgrad.engine.kernels.entry import Kernel, kernel_entry, kernel_family

ZERO = np.float32(0)


@kernel_family
def sum_kernel(*, has_relu: bool, in_place: bool) -> Kernel:
    """outputs = body + shortcut, with the ReLU after it where there is one.

    In place the sum stands where the body's outputs did.

    Stands for
        the sum of Residual.forward, ReLU.forward
    """

    @kernel_entry(operations=times("rows", "columns"))
    def residual_sum(
        body: (updates if in_place else reads)(
            FLOATS, matrix("rows", "columns", "stride")
        ),
        shortcut: reads(FLOATS, matrix("rows", "columns", "other_stride")),
        outputs: writes(
            FLOATS, 0 if in_place else matrix("rows", "columns", "out_stride")
        ),
        rows: SIZE,
        columns: SIZE,
        stride: SIZE,
        other_stride: SIZE,
        out_stride: SIZE,
    ):
        for row in range(rows):
            one = body[row * stride : row * stride + columns]
            two = shortcut[row * other_stride : row * other_stride + columns]
            if in_place:
                for column in range(columns):
                    value = one[column] + two[column]
                    one[column] = ZERO if has_relu and value < ZERO else value
            else:
                results = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = one[column] + two[column]
                    results[column] = ZERO if has_relu and value < ZERO else value

    return residual_sum


@kernel_family
def split_kernel(*, has_relu: bool) -> Kernel:
    """The gradient of the sum, for both ways: d_outputs in place, and a copy.

    The ReLU's slope is read from the outputs; without one those are not touched.

    Stands for
        ReLU.backward, Residual.backward
    """
    kept = matrix("rows", "columns", "out_stride") if has_relu else 0

    @kernel_entry(operations=times("rows", "columns"))
    def residual_split(
        d_outputs: updates(FLOATS, matrix("rows", "columns", "stride")),
        outputs: reads(FLOATS, kept),
        copy: writes(FLOATS, matrix("rows", "columns", "copy_stride")),
        rows: SIZE,
        columns: SIZE,
        stride: SIZE,
        out_stride: SIZE,
        copy_stride: SIZE,
    ):
        for row in range(rows):
            blame = d_outputs[row * stride : row * stride + columns]
            other = copy[row * copy_stride : row * copy_stride + columns]
            if has_relu:
                keep = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = blame[column] if keep[column] > ZERO else ZERO
                    blame[column] = value
                    other[column] = value
            else:
                for column in range(columns):
                    other[column] = blame[column]

    return residual_split
