"""Activations over rows of a tile, with the bias before them; forward and backward.

Layout: (rows, columns) with a stride from row to row, so that a tile may be some
columns of a whole batch's matrix. A row is a feature or a channel's pixels.
"""

from functools import cache

import numpy as np

from handgrad.engine.kernels.entry import Entry, floats, inlined, integer
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


@cache
def forward_entry(kind: int, *, has_bias: bool, in_place: bool) -> Entry:
    """outputs = activation(inputs + bias of the row); GELU keeps inputs + bias.

    Stands for
        the bias of Linear.forward, and ReLU ... GELU.forward

    Arguments
        0 inputs, 3 bias, 6 outputs, 9 slope (one float)
        12 rows, 13 columns, 14 stride of inputs, 15 stride of outputs

    Why
        in place is said at compile time: a compiler that finds two arrays at one
        address goes one number at a time
    """
    keeps_inputs = kind in (GELU, GELU_TANH)

    def activation_entry(arguments: int, tile: int, worker: int) -> None:
        rows, columns = integer(arguments, 12), integer(arguments, 13)
        in_stride, out_stride = integer(arguments, 14), integer(arguments, 15)
        inputs = floats(arguments, 0, tile, worker, rows * in_stride)
        bias = floats(arguments, 3, tile, worker, rows)
        outputs = floats(arguments, 6, tile, worker, rows * out_stride)
        slope = floats(arguments, 9, tile, worker, 1)[0]
        for row in range(rows):
            shift = bias[row] if has_bias else ZERO
            source = inputs[row * in_stride : row * in_stride + columns]
            if in_place:
                for column in range(columns):
                    value = source[column] + shift if has_bias else source[column]
                    source[column] = activate(kind, value, slope)
            else:
                target = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = source[column] + shift if has_bias else source[column]
                    if keeps_inputs and has_bias:
                        source[column] = value
                    target[column] = activate(kind, value, slope)

    return Entry(activation_entry)


@cache
def rows_entry(kind: int, *, in_place: bool) -> Entry:
    """outputs = activation(inputs + bias), an example a row; GELU keeps inputs + bias.

    Arguments
        0 inputs, 3 bias, 6 outputs, 9 slope (one float)
        12 rows, 13 columns, 14 stride of inputs, 15 stride of outputs
    """
    keeps_inputs = kind in (GELU, GELU_TANH)

    def rows_activation_entry(arguments: int, tile: int, worker: int) -> None:
        rows, columns = integer(arguments, 12), integer(arguments, 13)
        in_stride, out_stride = integer(arguments, 14), integer(arguments, 15)
        inputs = floats(arguments, 0, tile, worker, rows * in_stride)
        bias = floats(arguments, 3, tile, worker, columns)
        outputs = floats(arguments, 6, tile, worker, rows * out_stride)
        slope = floats(arguments, 9, tile, worker, 1)[0]
        for row in range(rows):
            source = inputs[row * in_stride : row * in_stride + columns]
            if in_place:
                for column in range(columns):
                    source[column] = activate(
                        kind, source[column] + bias[column], slope
                    )
            else:
                target = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = source[column] + bias[column]
                    if keeps_inputs:
                        source[column] = value
                    target[column] = activate(kind, value, slope)

    return Entry(rows_activation_entry)


@cache
def backward_entry(kind: int) -> Entry:
    """d_outputs become d_inputs: d_outputs * slope at what was kept.

    Stands for
        ReLU ... GELU.backward

    Arguments
        0 d_outputs, 3 kept, 6 slope (one float)
        9 rows, 10 columns, 11 stride of d_outputs, 12 stride of kept
    """

    def activation_backward_entry(arguments: int, tile: int, worker: int) -> None:
        rows, columns = integer(arguments, 9), integer(arguments, 10)
        d_stride, kept_stride = integer(arguments, 11), integer(arguments, 12)
        d_outputs = floats(arguments, 0, tile, worker, rows * d_stride)
        kept = floats(arguments, 3, tile, worker, rows * kept_stride)
        slope = floats(arguments, 6, tile, worker, 1)[0]
        for row in range(rows):
            blame = d_outputs[row * d_stride : row * d_stride + columns]
            keep = kept[row * kept_stride : row * kept_stride + columns]
            for column in range(columns):
                if kind == RELU:  # not a product: a NaN must not pass a closed gate
                    value = blame[column] if keep[column] > ZERO else ZERO
                else:
                    value = blame[column] * slope_of(kind, keep[column], slope)
                blame[column] = value

    return Entry(activation_backward_entry)
