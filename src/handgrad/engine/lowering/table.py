"""How the engine lowers each type of layer: one table, by exact type.

Nothing else in the engine decides by the type of a layer. One that is not in the table,
or whose settings its kernels do not support, runs by its own methods.
"""

from typing import Any

from handgrad.engine.kernels import activations
from handgrad.engine.kernels.activations import Activation
from handgrad.engine.lowering.activation import lower_activation
from handgrad.engine.lowering.batch_norm import lower_batch_norm
from handgrad.engine.lowering.convolution import lower_convolution, prefers_winograd
from handgrad.engine.lowering.dropout import lower_dropout
from handgrad.engine.lowering.flatten import lower_flatten
from handgrad.engine.lowering.linear import lower_linear, tile_of_linear
from handgrad.engine.lowering.node import Row, always
from handgrad.engine.lowering.plain import lower_plain
from handgrad.engine.lowering.plan import LEAST_TILE
from handgrad.engine.lowering.pooling import (
    lower_average_pool,
    lower_global_average_pool,
    lower_max_pool,
    suits_average_pool,
    suits_max_pool,
)
from handgrad.engine.lowering.residual import lower_residual
from handgrad.engine.lowering.rows import fills_registers
from handgrad.engine.network_layers import exact, within
from handgrad.layers import (
    GELU,
    AveragePool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAveragePool2d,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sigmoid,
    SiLU,
    Tanh,
)


def _is_relu(activation: Activation) -> bool:
    return activation is activations.RELU


def _activation(activation: Activation) -> Row:
    return Row(lower_activation, activation=lambda layer: activation)


BATCH_NORM = Row(
    lower_batch_norm,
    takes_after=_is_relu,
    needs_barrier=lambda layer, training: training,
)
TABLE: dict[type, Row] = {
    AveragePool2d: Row(lower_average_pool, suits=suits_average_pool),
    BatchNorm1d: BATCH_NORM,
    BatchNorm2d: BATCH_NORM,
    Conv2d: Row(
        lower_convolution,
        suits=lambda layer: layer.windows.is_basic and layer.groups == 1,
        needs_barrier=lambda layer, training: training and prefers_winograd(layer),
        tile=lambda layer: LEAST_TILE,
        border=lambda layer: layer.padding,
    ),
    Dropout: Row(lower_dropout, by_rows=always, passes_on=True),
    Flatten: Row(lower_flatten, by_rows=always, passes_on=True, computes=False),
    GELU: Row(
        lower_activation,
        activation=lambda layer: (
            activations.GELU if layer.approximate == "none" else activations.GELU_TANH
        ),
    ),
    GlobalAveragePool2d: Row(lower_global_average_pool),
    LeakyReLU: Row(
        lower_activation,
        suits=lambda layer: layer.negative_slope > 0,  # or outputs would hide the sign
        activation=lambda layer: activations.LEAKY,
    ),
    Linear: Row(
        lower_linear,
        takes_after=always,
        tile=tile_of_linear,
        by_rows=fills_registers,
        wants_matrix=True,
    ),
    MaxPool2d: Row(lower_max_pool, suits=suits_max_pool, takes_before=_is_relu),
    ReLU: _activation(activations.RELU),
    Residual: Row(lower_residual, takes_after=_is_relu, branches=within),
    Sigmoid: _activation(activations.SIGMOID),
    SiLU: _activation(activations.SILU),
    Tanh: _activation(activations.TANH),
}
PLAIN = Row(lower_plain, needs_barrier=always)


def row_of(layer: Any) -> Row:
    """The row of a layer's exact type; PLAIN for any other."""
    kind = exact(layer, TABLE)
    row = PLAIN if kind is None else TABLE[kind]
    return row if row.suits(layer) else PLAIN
