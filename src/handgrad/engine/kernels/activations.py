"""Activations over rows of a tile, with the bias before them; forward and backward.

Layout: (rows, columns) with a stride from row to row, so that a tile may be some
columns of a whole batch's matrix. A row is a feature, or the pixels of a channel.

A derivative's `kept` is the outputs or, where an activation keeps them, the inputs.
"""

from dataclasses import dataclass
from typing import Any

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
    """value."""
    return value


@inlined
def relu(value, slope):
    """max(value, 0); NaN stays NaN."""
    return ZERO if value < ZERO else value


@inlined
def leaky(value, slope):
    """value, times the slope below 0."""
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
    """value * (1 + erf(value / sqrt(2))) / 2."""
    return value * HALF * (ONE + fast_erf(value * ROOT_HALF))


@inlined
def gelu_tanh(value, slope):
    """The approximation of GELU by tanh."""
    inner = ROOT_TWO_OVER_PI * (value + CUBIC * value * value * value)
    return HALF * value * (ONE + fast_tanh(inner))


@inlined
def silu(value, slope):
    """value * sigmoid(value); exp underflows below SMALLEST."""
    near = SMALLEST if value < SMALLEST else value
    return near * fast_sigmoid(near)


@inlined
def d_identity(d_value, kept, slope):
    """d_value."""
    return d_value


@inlined
def d_relu(d_value, kept, slope):
    """d_value where kept > 0; not a product, which would let NaN through."""
    return d_value if kept > ZERO else ZERO


@inlined
def d_leaky(d_value, kept, slope):
    """d_value * (1 or the slope)."""
    return d_value * (ONE if kept > ZERO else slope)


@inlined
def d_sigmoid(d_value, kept, slope):
    """d_value * outputs * (1 - outputs)."""
    return d_value * (kept * (ONE - kept))


@inlined
def d_tanh(d_value, kept, slope):
    """d_value * (1 - outputs ** 2)."""
    return d_value * (ONE - kept * kept)


@inlined
def d_gelu(d_value, kept, slope):
    """d_value * (cdf(inputs) + inputs * pdf(inputs)) of the normal distribution."""
    below = HALF * (ONE + fast_erf(kept * ROOT_HALF))
    return d_value * (below + kept * NORMAL_PEAK * fast_exp(-HALF * kept * kept))


@inlined
def d_gelu_tanh(d_value, kept, slope):
    """d_value times the derivative of the approximation by tanh."""
    square = kept * kept
    inner = ROOT_TWO_OVER_PI * (kept + CUBIC * square * kept)
    curve = fast_tanh(inner)
    d_inner = ROOT_TWO_OVER_PI * (ONE + THREE * CUBIC * square)
    slope_here = HALF * (ONE + curve) + HALF * kept * (ONE - curve * curve) * d_inner
    return d_value * slope_here


@inlined
def d_silu(d_value, kept, slope):
    """d_value * (gate + inputs * gate * (1 - gate)), gate = sigmoid(inputs)."""
    near = SMALLEST if kept < SMALLEST else kept
    gate = fast_sigmoid(near)
    return d_value * (gate + near * gate * (ONE - gate))


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
def forward_kernel(
    kind: Activation, *, has_bias: bool, in_place: bool, by_rows: bool = False
) -> Kernel:
    """outputs = activation(inputs + bias); some kinds keep inputs + bias.

    There is a bias for each row or, with `by_rows` (an example a row), for each column.

    Stands for
        the bias of Linear.forward, and ReLU ... SiLU.forward

    Why
        `in_place` is known at compile time, because two arrays that may overlap are not
        vectorized
    """
    activate, keeps = kind.forward, kind.keeps_inputs
    stores = keeps and has_bias and not in_place
    biases = "columns" if by_rows else "rows"

    @kernel_entry(operations=times("rows", "columns"))
    def activation(
        inputs: (updates if in_place or keeps else reads)(FLOATS, SOURCE),
        outputs: writes(FLOATS, 0 if in_place else TARGET),
        bias: reads(FLOATS, biases if has_bias else 0),
        slope: reads(FLOATS, 1),
        sizes: Sizes("rows columns stride out_stride"),
    ):
        rows, columns, stride, out_stride = sizes
        factor = slope[0]
        for row in range(rows):
            shift = bias[row] if has_bias and not by_rows else ZERO
            values = inputs[row * stride : row * stride + columns]
            results = values
            if not in_place:
                results = outputs[row * out_stride : row * out_stride + columns]
            for column in range(columns):
                value = values[column]
                if has_bias:
                    value = value + (bias[column] if by_rows else shift)
                if stores:
                    values[column] = value
                results[column] = activate(value, factor)

    return activation


def rows_kernel(kind: Activation, *, has_bias: bool, in_place: bool) -> Kernel:
    """`forward_kernel` with a bias for each column, or none."""
    return forward_kernel(kind, has_bias=has_bias, in_place=in_place, by_rows=True)


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
        sizes: Sizes("rows columns stride out_stride"),
    ):
        rows, columns, stride, out_stride = sizes
        factor = slope[0]
        for row in range(rows):
            d_values = d_outputs[row * stride : row * stride + columns]
            keep = kept[row * out_stride : row * out_stride + columns]
            for column in range(columns):
                d_values[column] = derive(d_values[column], keep[column], factor)

    return activation_backward
