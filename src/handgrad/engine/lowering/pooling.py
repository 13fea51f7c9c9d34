"""Pooling layers, and the ReLU before a max pooling."""

from collections.abc import Mapping
from math import prod
from typing import TypeAlias

from handgrad.arrays import Pair
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
from handgrad.engine.memory_plan import Pointer, Tensor
from handgrad.layers import AveragePool2d, MaxPool2d

LARGEST_WINDOW = 254  # the position of a maximum is one byte; 255: there is none
MEANS = average_pool, average_unpool
Geometry: TypeAlias = tuple[Pair, Pair, Pair]  # window, stride, padding
Arguments: TypeAlias = Mapping[str, Pointer | int]


def suits_max_pool(layer: MaxPool2d) -> bool:
    """Whether one byte holds the position of a maximum, and windows are basic."""
    fits = layer.kernel_size[0] * layer.kernel_size[1] <= LARGEST_WINDOW
    return fits and layer.windows.is_basic


def suits_average_pool(layer: AveragePool2d) -> bool:
    """Whether all means are over equally many numbers, and windows are basic."""
    is_even = layer.count_include_pad or layer.padding == (0, 0)
    return is_even and layer.windows.is_basic


def lower_max_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Maxima of windows, and the position of each in one byte."""
    memory, shape = lowering.memory, node.layer.output_shape(inputs.shape)
    count = prod(shape) * memory.tile
    winners = memory.each(f"{node.name} winners", "activations", count, item=1)
    backward: Arguments = {"winners": winners}
    forward = {**backward, "has_relu": node.before is not None}
    kernels = (max_pool, max_unpool)
    return _pool(lowering, node, inputs, _window(node), kernels, (forward, backward))


def lower_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Means of windows."""
    return _pool(lowering, node, inputs, _window(node), MEANS)


def lower_global_average_pool(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """Means of whole images."""
    size = (inputs.shape[1], inputs.shape[2])
    return _pool(lowering, node, inputs, (size, size, (0, 0)), MEANS)


def _window(node: Node) -> Geometry:
    return (node.layer.kernel_size, node.layer.stride, node.layer.padding)


def _pool(
    lowering: Lowering,
    node: Node,
    inputs: Tensor,
    geometry: Geometry,
    kernels: tuple[Kernel, Kernel],
    arguments: tuple[Arguments, Arguments] = ({}, {}),
) -> Tensor:
    """Add both passes; `arguments` of forward and backward are of one kind only."""
    memory, name, shape = lowering.memory, node.name, inputs.shape
    outputs = lowering.outputs(name, node.layer.output_shape(shape), node)
    pooled_shape = (*outputs.shape, 1, 1)[:3]
    shown = name if node.before is None else f"relu + {name}"
    sides = (shape, pooled_shape[1:], *geometry)
    sizes = [size for side in sides for size in side] + [memory.tile]
    lowering.add(
        kernels[0],
        f"{shown} forward",
        inputs=inputs.pointer,
        outputs=outputs.pointer,
        **arguments[0],
        **dict(zip(SIZES, [*sizes, outputs.stride], strict=True)),
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_inputs = inputs
        if memory.is_kept(inputs):
            d_inputs = memory.dense(f"d_{name}", "gradients", shape)
        lowering.add(
            kernels[1],
            f"{shown} d_inputs",
            d_outputs=d_outputs.pointer,
            d_inputs=d_inputs.pointer,
            **arguments[1],
            **dict(zip(SIZES, [*sizes, d_outputs.stride], strict=True)),
        )
        return d_inputs

    lowering.add_backward(backward)
    return outputs
