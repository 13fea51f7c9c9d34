"""Activations over rows of a tile, with the bias before them; forward and backward.

Layout: (rows, columns) with a stride from row to row, so that a tile may be some
columns of a whole batch's matrix. A row is a feature or a channel's pixels.
"""

from dataclasses import dataclass
from typing import Any

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
from handgrad.engine.kernels.entry import Kernel, inlined, kernel_entry, kernel_family
from handgrad.engine.kernels.mathematics import (
    SMALLEST,
    fast_erf,
    fast_exp,
    fast_sigmoid,
    fast_tanh,
)

f32 = np.float32
ZERO, HALF, ONE, THREE = f32(0), f32(0.5), f32(1), f32(3)
ROOT_HALF = f32(np.sqrt(0.5))
ROOT_TWO_OVER_PI = f32(np.sqrt(2 / np.pi))
NORMAL_PEAK = f32(1 / np.sqrt(2 * np.pi))
CUBIC = f32(0.044715)


@inlined
def identity(value, slope):
    """The same number."""
    return value


@inlined
def relu(value, slope):
    """max(value, 0); a NaN stays one."""
    return ZERO if value < ZERO else value


@inlined
def leaky(value, slope):
    """A little slope below 0."""
    return value * slope if value < ZERO else value


@inlined
def sigmoid(value, slope):
    """1 / (1 + exp(-value))."""
    return fast_sigmoid(value)


@inlined
def tanh(value, slope):
    """The hyperbolic tangent."""
    return fast_tanh(value)


@inlined
def gelu(value, slope):
    """By erf."""
    return value * HALF * (ONE + fast_erf(value * ROOT_HALF))


@inlined
def gelu_tanh(value, slope):
    """By tanh."""
    inner = ROOT_TWO_OVER_PI * (value + CUBIC * value * value * value)
    return HALF * value * (ONE + fast_tanh(inner))


@inlined
def silu(value, slope):
    """value * sigmoid(value), which has ended where exp ends."""
    near = SMALLEST if value < SMALLEST else value
    return near * fast_sigmoid(near)


@inlined
def d_identity(blame, kept, slope):
    """The derivative times d_outputs, from what was kept: outputs, or inputs."""
    return blame


@inlined
def d_relu(blame, kept, slope):
    """No product: a NaN must not pass a closed gate."""
    return blame if kept > ZERO else ZERO


@inlined
def d_leaky(blame, kept, slope):
    """1 or the slope."""
    return blame * (ONE if kept > ZERO else slope)


@inlined
def d_sigmoid(blame, kept, slope):
    """outputs * (1 - outputs)."""
    return blame * (kept * (ONE - kept))


@inlined
def d_tanh(blame, kept, slope):
    """1 - outputs ** 2."""
    return blame * (ONE - kept * kept)


@inlined
def d_gelu(blame, kept, slope):
    """The part below the input, and the input times the density there."""
    below = HALF * (ONE + fast_erf(kept * ROOT_HALF))
    return blame * (below + kept * NORMAL_PEAK * fast_exp(-HALF * kept * kept))


@inlined
def d_gelu_tanh(blame, kept, slope):
    """The derivative of the formula by tanh."""
    square = kept * kept
    inner = ROOT_TWO_OVER_PI * (kept + CUBIC * square * kept)
    bend = fast_tanh(inner)
    d_inner = ROOT_TWO_OVER_PI * (ONE + THREE * CUBIC * square)
    slope_here = HALF * (ONE + bend) + HALF * kept * (ONE - bend * bend) * d_inner
    return blame * slope_here


@inlined
def d_silu(blame, kept, slope):
    """The gate, and the input times the gate's own slope."""
    near = SMALLEST if kept < SMALLEST else kept
    gate = fast_sigmoid(near)
    return blame * (gate + near * gate * (ONE - gate))


@dataclass(frozen=True)
class Activation:
    """An activation's two functions; `backward` sees its outputs, or its inputs."""

    name: str
    forward: Any
    backward: Any
    keeps_inputs: bool = False

    def __reduce__(self) -> str:
        return self.name  # of a constant of this module


# each is compiled alone: all in one function took a second for each activation
IDENTITY = Activation("IDENTITY", identity, d_identity)
RELU = Activation("RELU", relu, d_relu)
LEAKY = Activation("LEAKY", leaky, d_leaky)
SIGMOID = Activation("SIGMOID", sigmoid, d_sigmoid)
TANH = Activation("TANH", tanh, d_tanh)
GELU = Activation("GELU", gelu, d_gelu, keeps_inputs=True)
GELU_TANH = Activation("GELU_TANH", gelu_tanh, d_gelu_tanh, keeps_inputs=True)
SILU = Activation("SILU", silu, d_silu, keeps_inputs=True)

SOURCE = matrix("rows", "columns", "stride")
TARGET = matrix("rows", "columns", "out_stride")


@kernel_family
def forward_kernel(kind: Activation, *, has_bias: bool, in_place: bool) -> Kernel:
    """outputs = activation(inputs + bias of the row); some keep inputs + bias.

    Stands for
        the bias of Linear.forward, and ReLU ... SiLU.forward

    Why
        in place is said at compile time: a compiler that finds two arrays at one
        address goes one number at a time
    """
    activate, keeps_inputs = kind.forward, kind.keeps_inputs

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
        factor = slope[0]
        for row in range(rows):
            shift = bias[row] if has_bias else ZERO
            values = inputs[row * stride : row * stride + columns]
            if in_place:
                for column in range(columns):
                    value = values[column] + shift if has_bias else values[column]
                    values[column] = activate(value, factor)
            else:
                results = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = values[column] + shift if has_bias else values[column]
                    if keeps_inputs and has_bias:
                        values[column] = value
                    results[column] = activate(value, factor)

    return activation


@kernel_family
def rows_kernel(kind: Activation, *, in_place: bool) -> Kernel:
    """outputs = activation(inputs + bias), an example a row; some keep inputs + bias.

    Stands for
        the same as `forward_kernel`
    """
    activate, keeps_inputs = kind.forward, kind.keeps_inputs

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
        factor = slope[0]
        for row in range(rows):
            values = inputs[row * stride : row * stride + columns]
            if in_place:
                for column in range(columns):
                    values[column] = activate(values[column] + bias[column], factor)
            else:
                results = outputs[row * out_stride : row * out_stride + columns]
                for column in range(columns):
                    value = values[column] + bias[column]
                    if keeps_inputs:
                        values[column] = value
                    results[column] = activate(value, factor)

    return rows_activation


@kernel_family
def backward_kernel(kind: Activation) -> Kernel:
    """d_outputs become d_inputs: d_outputs * slope at what was kept.

    Stands for
        ReLU ... SiLU.backward
    """
    derive = kind.backward

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
        factor = slope[0]
        for row in range(rows):
            blame = d_outputs[row * stride : row * stride + columns]
            keep = kept[row * out_stride : row * out_stride + columns]
            for column in range(columns):
                blame[column] = derive(blame[column], keep[column], factor)

    return activation_backward
