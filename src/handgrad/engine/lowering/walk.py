"""A whole network, layer by layer, to the phases of a program."""

from collections.abc import Callable, Sequence
from typing import Any

from handgrad.engine import processor
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.known import (
    BATCH_NORMS,
    Named,
    is_known_as,
    known,
    layers_of,
    leaves_of,
)
from handgrad.engine.lowering.batch_norm import lower_batch_norm
from handgrad.engine.lowering.convolution import (
    goes_winograds_way,
    lower_any_convolution,
)
from handgrad.engine.lowering.elementwise import (
    kind_of,
    lower_activation,
    lower_dropout,
)
from handgrad.engine.lowering.linear import lower_linear
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.plain import lower_plain
from handgrad.engine.lowering.pooling import lower_average_pool, lower_max_pool
from handgrad.engine.lowering.residual import lower_residual
from handgrad.engine.lowering.row_activations import activate_rows, turned
from handgrad.engine.lowering.rows import lower_linear_by_rows
from handgrad.engine.lowering.skinny import MOST_OUTPUTS
from handgrad.engine.memory import (
    Tensor,
)
from handgrad.layers import (
    GELU,
    AveragePool2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAveragePool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
)

CONVOLUTION_TILE = 32
LINEAR_TILE, SKINNY_TILE = 128, 64
LEAST_TILE = 32  # sums along a row take two registers at once


def lower_layers(lowering: Lowering, layers: Sequence[Named], inputs: Tensor) -> Tensor:
    """All layers, first to last; a ReLU before a max pooling becomes part of it."""
    tensor, index = inputs, 0
    while index < len(layers):
        tensor, count = _lower_next(lowering, layers[index:], tensor)
        for _, layer in layers[index : index + count]:
            lowering.needs_d_inputs |= bool(layer.parameters())
        lowering.is_padded = False
        index += count
    losses_follow = lowering.by_rows and lowering.training
    return turned(lowering, tensor) if losses_follow else tensor


def _lower_next(
    lowering: Lowering, layers: Sequence[Named], inputs: Tensor
) -> tuple[Tensor, int]:
    """Lower the first of these layers, or the first few; says how many."""
    layer: Any  # of the class that `known` names
    (name, layer), rest = layers[0], [layer for _, layer in layers[1:]]
    lowering.following = rest
    kind, following = known(layer), known(rest[0]) if rest else None
    if kind is None:
        return lower_plain(lowering, name, layer, inputs), 1
    if kind is Linear:
        flat = inputs.reshaped((inputs.rows,))
        return _linear(lowering, name, layer, flat, layers[1:])
    has_relu = kind in (*BATCH_NORMS, Residual) and following is ReLU
    if has_relu or (kind, following) == (ReLU, MaxPool2d):
        lowering.following = rest[1:]
    if kind is Residual:
        outputs = lower_residual(
            lowering, name, layer, inputs, lower_layers, has_relu=has_relu
        )
        return outputs, 1 + int(has_relu)
    if kind in BATCH_NORMS:
        outputs = lower_batch_norm(lowering, name, layer, inputs, has_relu=has_relu)
        return outputs, 1 + int(has_relu)
    if (kind, following) == (ReLU, MaxPool2d):
        name, layer = layers[1]
        return lower_max_pool(lowering, name, layer, inputs, has_relu=True), 2
    return ALONE[kind](lowering, name, layer, inputs), 1


def _linear(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, rest: Sequence[Named]
) -> tuple[Tensor, int]:
    """A linear layer, its bias, and the activation after it where there is one."""
    if lowering.by_rows:
        return _linear_by_rows(lowering, name, layer, inputs, rest)
    outputs = lower_linear(lowering, name, layer, inputs)
    bias = lowering.store.pointer(f"{name}.bias")
    if rest and kind_of(rest[0][1]) is not None:
        lowering.following = [layer for _, layer in rest[1:]]
        next_name, activation = rest[0]
        outputs = lower_activation(lowering, next_name, activation, outputs, bias)
        return outputs, 2
    return lower_activation(lowering, f"{name} bias", None, outputs, bias), 1


def _linear_by_rows(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, rest: Sequence[Named]
) -> tuple[Tensor, int]:
    """The same for a perceptron: an example a row."""
    activation = rest[0] if rest and kind_of(rest[0][1]) is not None else None
    outputs = lower_linear_by_rows(lowering, name, layer, inputs)
    outputs = activate_rows(lowering, name, activation, outputs)
    return outputs, 1 if activation is None else 2


def lower_flatten(
    lowering: Lowering, name: str, layer: Flatten, inputs: Tensor
) -> Tensor:
    """Nothing moves, unless a linear layer needs a matrix and has none yet."""
    shape = inputs.shape
    is_matrix = inputs.is_batch_first or inputs.stride != lowering.memory.tile
    outputs = inputs
    if lowering.feeds_linear() and not is_matrix:
        outputs = lower_activation(lowering, name, None, inputs)
    lowering.add_backward(lambda d_outputs: d_outputs.reshaped(shape))
    return outputs.reshaped((inputs.rows,))


# how a layer is lowered that has nothing to do with the one after it
ALONE: dict[type, Callable[..., Tensor]] = {
    AveragePool2d: lower_average_pool,
    Conv2d: lower_any_convolution,
    Dropout: lower_dropout,
    Flatten: lower_flatten,
    GlobalAveragePool2d: lower_average_pool,
    MaxPool2d: lower_max_pool,
    **dict.fromkeys((GELU, LeakyReLU, ReLU, Sigmoid, Tanh), lower_activation),
}


def lower_backwards(lowering: Lowering, d_outputs: Tensor) -> None:
    """Backpropagate until nothing before needs a gradient; none is kept on the way."""
    backwards, lowering.backwards = lowering.backwards, []  # or cycles keep the memory
    lowering.run_backwards(backwards, d_outputs)


def tile_of(model: Layer[Any], batch_size: int | None = None) -> int:
    """Examples in a tile: few where pictures fill a cache, more for matrix products.

    A small batch is cut in two all the same; the number of workers has no say in it.
    """
    layers = list(leaves_of(model))
    if any(known(layer) is Conv2d for layer in layers):
        return CONVOLUTION_TILE
    sizes = [layer.out_features for layer in layers if is_known_as(layer, Linear)]
    full = SKINNY_TILE if max(sizes, default=0) <= MOST_OUTPUTS else LINEAR_TILE
    if batch_size is None:
        return full
    half = -(-batch_size // 2)
    return min(full, -(-half // LEAST_TILE) * LEAST_TILE)


def has_meetings(model: Layer[Any], *, training: bool) -> bool:
    """Whether tiles must stay as they are while others catch up.

    Batch norm does while training, and so do Winograd's weight gradients and every
    layer that its plain voice runs.
    """
    layers = list(leaves_of(model))
    if training and any(meets(layer) for layer in layers):
        return True
    return any(known(layer) is None for layer in layers)


def meets(layer: Layer[Any]) -> bool:
    """Whether a layer needs all tiles at once while it trains."""
    is_wide = is_known_as(layer, Conv2d) and goes_winograds_way(layer)
    return is_wide or known(layer) in BATCH_NORMS


def goes_by_rows(model: Layer[Any]) -> bool:
    """Whether the network is a perceptron whose sizes fill whole registers."""
    layers = [layer for _, layer in layers_of(model)]
    linears = [layer for layer in layers if is_known_as(layer, Linear)]
    is_wide = processor.has_wide_registers() and tile_of(model) == LINEAR_TILE
    if not is_wide or not linears:
        return False
    before = layers[: layers.index(linears[0])]
    is_simple = all(
        known(layer) in (Linear, Dropout, Flatten) or kind_of(layer) is not None
        for layer in layers
    )
    starts_well = all(known(layer) is Flatten for layer in before)
    follows = all(
        known(layers[place - 1]) is Linear
        for place, layer in enumerate(layers)
        if kind_of(layer) is not None
    )
    fits = all(layer.in_features % LANES == 0 for layer in linears)
    return is_simple and starts_well and follows and fits
