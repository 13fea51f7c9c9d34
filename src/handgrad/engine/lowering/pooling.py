"""Pooling layers, with the ReLU that stands before a max pooling."""

from typing import TypeAlias

from handgrad.arrays import Pair, Shape
from handgrad.engine.kernels.pooling import (
    SIZES,
    average_pool,
    average_unpool,
    max_pool,
    max_unpool,
)
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import Tensor
from handgrad.layers import MaxPool2d

LARGEST_WINDOW = 254  # a winner is one byte, and 255 says that there is none
Geometry: TypeAlias = tuple[Pair, Pair, Pair]  # window, stride, padding


def suits_max_pool(layer: MaxPool2d) -> bool:
    """Whether a byte can say which of a window's values is the largest."""
    return layer.kernel_size[0] * layer.kernel_size[1] <= LARGEST_WINDOW


def lower_max_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Pooled maxima, and one byte for each that says where it stood."""
    name, layer, has_relu = node.name, node.layer, node.before is not None
    memory = lowering.memory
    outputs = lowering.outputs(name, layer.output_shape(inputs.shape), node)
    winners = memory.each(
        f"{name} winners", "activations", outputs.rows * memory.tile, item=1
    )
    geometry = (layer.kernel_size, layer.stride, layer.padding)
    shown = f"relu + {name}" if has_relu else name
    lowering.add(
        max_pool,
        f"{shown} forward",
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        winners=winners,
        has_relu=has_relu,
        **_sizes(inputs.shape, outputs, geometry, memory.tile),
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_inputs = _place_for_gradient(lowering, name, inputs)
        pooled = d_outputs.reshaped(outputs.shape)
        lowering.add(
            max_unpool,
            f"{shown} d_inputs",
            d_outputs=pooled.pointer,
            winners=winners,
            d_inputs=d_inputs.pointer,
            **_sizes(inputs.shape, pooled, geometry, memory.tile),
        )
        return d_inputs

    lowering.add_backward(backward)
    return outputs


def lower_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Pooled means."""
    layer = node.layer
    geometry = (layer.kernel_size, layer.stride, layer.padding)
    pooled_shape = layer.output_shape(inputs.shape)
    return _average(lowering, node, inputs, geometry, pooled_shape)


def lower_global_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """One window as large as the picture."""
    size = (inputs.shape[1], inputs.shape[2])
    geometry = (size, size, (0, 0))
    return _average(lowering, node, inputs, geometry, (inputs.shape[0], 1, 1))


def _average(
    lowering: Lowering,
    node: Node,
    inputs: Tensor,
    geometry: Geometry,
    pooled_shape: Shape,
) -> Tensor:
    name, memory = node.name, lowering.memory
    outputs = lowering.outputs(name, node.layer.output_shape(inputs.shape), node)
    places = outputs.reshaped(pooled_shape)
    lowering.add(
        average_pool,
        f"{name} forward",
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        **_sizes(inputs.shape, places, geometry, memory.tile),
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_inputs = _place_for_gradient(lowering, name, inputs)
        pooled = d_outputs.reshaped(pooled_shape)
        lowering.add(
            average_unpool,
            f"{name} d_inputs",
            d_outputs=pooled.pointer,
            d_inputs=d_inputs.pointer,
            **_sizes(inputs.shape, pooled, geometry, memory.tile),
        )
        return d_inputs

    lowering.add_backward(backward)
    return outputs


def _place_for_gradient(lowering: Lowering, name: str, inputs: Tensor) -> Tensor:
    """The inputs' own place where nobody keeps them, else a new one."""
    if not lowering.memory.is_kept(inputs):
        return inputs
    return lowering.memory.dense(f"d_{name}", "gradients", inputs.shape)


def _sizes(
    shape: Shape, pooled: Tensor, geometry: Geometry, tile: int
) -> dict[str, int]:
    pairs = (pooled.shape[1:], *geometry)
    numbers = (*shape, *(size for pair in pairs for size in pair), tile, pooled.stride)
    return dict(zip(SIZES, numbers, strict=True))
