"""Pooling layers, and the ReLU before a max pooling."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from handgrad.arrays import Pair, Shape
from handgrad.engine.kernels.entry import Kernel
from handgrad.engine.kernels.pooling import (
    SIZES,
    average_pool,
    average_unpool,
    max_pool,
    max_unpool,
)
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import Pointer, Tensor
from handgrad.layers import MaxPool2d

LARGEST_WINDOW = 254  # the position of a maximum is one byte; 255: there is none
MEANS = average_pool, average_unpool
Geometry: TypeAlias = tuple[Pair, Pair, Pair]  # window, stride, padding
Arguments: TypeAlias = Mapping[str, Pointer | int]


def suits_max_pool(layer: MaxPool2d) -> bool:
    """Whether one byte holds the position of a maximum in its window."""
    return layer.kernel_size[0] * layer.kernel_size[1] <= LARGEST_WINDOW


def lower_max_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Maxima of windows, and the position of each in one byte."""
    outputs, memory = _outputs(lowering, node, inputs), lowering.memory
    count = outputs.rows * memory.tile
    winners = memory.each(f"{node.name} winners", "activations", count, item=1)
    _add_pool(
        *(lowering, node, inputs, outputs, _window(node), (max_pool, max_unpool)),
        forward={"winners": winners, "has_relu": node.before is not None},
        backward={"winners": winners},
    )
    return outputs


def lower_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Means of windows."""
    outputs = _outputs(lowering, node, inputs)
    _add_pool(lowering, node, inputs, outputs, _window(node), MEANS)
    return outputs


def lower_global_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Means of whole images."""
    outputs, size = _outputs(lowering, node, inputs), (inputs.shape[1], inputs.shape[2])
    _add_pool(lowering, node, inputs, outputs, (size, size, (0, 0)), MEANS)
    return outputs


def _outputs(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    return lowering.outputs(node.name, node.layer.output_shape(inputs.shape), node)


def _window(node: Node) -> Geometry:
    return (node.layer.kernel_size, node.layer.stride, node.layer.padding)


def _add_pool(
    lowering: Lowering,
    node: Node,
    inputs: Tensor,
    outputs: Tensor,
    geometry: Geometry,
    kernels: tuple[Kernel, Kernel],
    *,
    forward: Arguments = MappingProxyType({}),
    backward: Arguments = MappingProxyType({}),
) -> None:
    """Add both passes; `forward`, `backward`: arguments of one kind of pooling."""
    tile = lowering.memory.tile
    shown = node.name if node.before is None else f"relu + {node.name}"
    pooled_shape = (*outputs.shape, 1, 1)[:3]
    lowering.add(
        kernels[0],
        f"{shown} forward",
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        **forward,
        **_sizes(inputs.shape, outputs.reshaped(pooled_shape), geometry, tile),
    )

    def add_backward(d_outputs: Tensor) -> Tensor:
        d_inputs = _gradient_buffer(lowering, node.name, inputs)
        pooled = d_outputs.reshaped(pooled_shape)
        lowering.add(
            kernels[1],
            f"{shown} d_inputs",
            d_outputs=pooled.pointer,
            d_inputs=d_inputs.pointer,
            **backward,
            **_sizes(inputs.shape, pooled, geometry, tile),
        )
        return d_inputs

    lowering.add_backward(add_backward)


def _gradient_buffer(lowering: Lowering, name: str, inputs: Tensor) -> Tensor:
    """The inputs' own buffer unless they are kept, else a new one."""
    if not lowering.memory.is_kept(inputs):
        return inputs
    return lowering.memory.dense(f"d_{name}", "gradients", inputs.shape)


def _sizes(
    shape: Shape, pooled: Tensor, geometry: Geometry, tile: int
) -> dict[str, int]:
    pairs = (pooled.shape[1:], *geometry)
    numbers = (*shape, *(size for pair in pairs for size in pair), tile, pooled.stride)
    return dict(zip(SIZES, numbers, strict=True))
