"""Activations over rows of a tile, with the bias before them; forward and backward.

Layout: (rows, columns) with a stride from row to row, so that a tile may be some
columns of a whole batch's matrix. A row is a feature or a channel's pixels.
"""

from functools import cache

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
from handgrad.engine.kernels.entry import Kernel, inlined, kernel_entry
from handgrad.engine.kernels.mathematics import (
    fast_erf,
    fast_exp,
    fast_sigmoid,
    fast_tanh,
)

IDENTITY, RELU, LEAKY, SIGMOID, TANH, GELU, GELU_TANH = range(7)
f32 = np.float32
ZERO, HALF, ONE, THREE = f32(0), f32(0.5), f32(1), f32(3)
ROOT_HALF = f32(np.sqrt(0.5))
ROOT_TWO_OVER_PI = f32(np.sqrt(2 / np.pi))
NORMAL_PEAK = f32(1 / np.sqrt(2 * np.pi))
CUBIC = f32(0.044715)


@inlined
def activate(kind, value, slope):
    """One activation of one number; `kind` is known when the kernel is compiled."""
    if kind == RELU:
        return ZERO if value < ZERO else value
    if kind == LEAKY:
        return value * slope if value < ZERO else value
    if kind == SIGMOID:
        return fast_sigmoid(value)
    if kind == TANH:
        return fast_tanh(value)
    if kind == GELU:
        return value * HALF * (ONE + fast_erf(value * ROOT_HALF))
    if kind == GELU_TANH:
        inner = ROOT_TWO_OVER_PI * (value + CUBIC * value * value * value)
        return HALF * value * (ONE + fast_tanh(inner))
    return value


@inlined
def slope_of(kind, kept, slope):
    """The activation's derivative from what was kept: outputs, for GELU inputs."""
    if kind == RELU:
        return ONE if kept > ZERO else ZERO
    if kind == LEAKY:
        return ONE if kept > ZERO else slope
    if kind == SIGMOID:
        return kept * (ONE - kept)
    if kind == TANH:
        return ONE - kept * kept
    if kind == GELU:
        below = HALF * (ONE + fast_erf(kept * ROOT_HALF))
        return below + kept * NORMAL_PEAK * fast_exp(-HALF * kept * kept)
    if kind == GELU_TANH:
        square = kept * kept
        inner = ROOT_TWO_OVER_PI * (kept + CUBIC * square * kept)
        bend = fast_tanh(inner)
        d_inner = ROOT_TWO_OVER_PI * (ONE + THREE * CUBIC * square)
        return HALF * (ONE + bend) + HALF * kept * (ONE - bend * bend) * d_inner
    return ONE


SOURCE, TARGET = (
    matrix("rows", "columns", "stride"),
    matrix("rows", "columns", "out_stride"),
)


@cache
def forward_kernel(kind: int, *, has_bias: bool, in_place: bool) -> Kernel:
    """outputs = activation(inputs + bias of the row); GELU keeps inputs + bias.

    Stands for
        the bias of Linear.forward, and ReLU ... GELU.forward

    Why
        in place is said at compile time: a compiler that finds two arrays at one
        address goes one number at a time
    """
    keeps_inputs = kind in (GELU, GELU_TANH)

    @kernel_entry(operations=times("rows", "columns"))
    def activation(
        inputs: (updates if in_place or keeps_inputs else reads)(FLOATS, SOURCE),
        outputs: writes(FLOATS, 0 if in_place else TARGET),
        bias: reads(FLOATS, (lambda rows: rows) if has_bias else 0),
        slope: reads(FLOATS, 1),
        rows: SIZE,
        columns: SIZE,
        stride: SIZE,
        out_stride: SIZE,
    ):
        for row in range(rows):
            shift = bias[row] if has_bias else ZERO
            values = inputs[row * stride : row * stride + columns]
            if in_place:
                for column in range(columns):
                    value = values[column] + shift if has_bias else values[column]
                    values[column] = activate(kind, value, slope[0])
            else:
                results = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = values[column] + shift if has_bias else values[column]
                    if keeps_inputs and has_bias:
                        values[column] = value
                    results[column] = activate(kind, value, slope[0])

    return activation


@cache
def rows_kernel(kind: int, *, in_place: bool) -> Kernel:
    """outputs = activation(inputs + bias), an example a row; GELU keeps inputs + bias.

    Stands for
        the same as `forward_kernel`
    """
    keeps_inputs = kind in (GELU, GELU_TANH)

    @kernel_entry(operations=times("rows", "columns"))
    def rows_activation(
        inputs: (updates if in_place or keeps_inputs else reads)(FLOATS, SOURCE),
        outputs: writes(FLOATS, 0 if in_place else TARGET),
        bias: reads(FLOATS, "columns"),
        slope: reads(FLOATS, 1),
        rows: SIZE,
        columns: SIZE,
        stride: SIZE,
        out_stride: SIZE,
    ):
        for row in range(rows):
            values = inputs[row * stride : row * stride + columns]
            if in_place:
                for column in range(columns):
                    values[column] = activate(
                        kind, values[column] + bias[column], slope[0]
                    )
            else:
                results = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = values[column] + bias[column]
                    if keeps_inputs:
                        values[column] = value
                    results[column] = activate(kind, value, slope[0])

    return rows_activation


@cache
def backward_kernel(kind: int) -> Kernel:
    """d_outputs become d_inputs: d_outputs * slope at what was kept.

    Stands for
        ReLU ... GELU.backward
    """

    @kernel_entry(operations=times(2, "rows", "columns"))
    def activation_backward(
        d_outputs: updates(FLOATS, SOURCE),
        kept: reads(FLOATS, TARGET),
        slope: reads(FLOATS, 1),
        rows: SIZE,
        columns: SIZE,
        stride: SIZE,
        out_stride: SIZE,
    ):
        for row in range(rows):
            blame = d_outputs[row * stride : row * stride + columns]
            keep = kept[row * out_stride : row * out_stride + columns]
            for column in range(columns):
                if kind == RELU:  # not a product: a NaN must not pass a closed gate
                    value = blame[column] if keep[column] > ZERO else ZERO
                else:
                    value = blame[column] * slope_of(kind, keep[column], slope[0])
                blame[column] = value

    return activation_backward
