"""Pooling layers, with the ReLU that stands before a max pooling."""

from handgrad.arrays import Pair, Shape
from handgrad.engine.kernels.pooling import (
    average_pool_entry,
    average_unpool_entry,
    max_pool_entry,
    max_unpool_entry,
)
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import Tensor
from handgrad.layers import AveragePool2d, GlobalAveragePool2d, MaxPool2d


def lower_max_pool(
    lowering: Lowering,
    name: str,
    layer: MaxPool2d,
    inputs: Tensor,
    *,
    has_relu: bool = False,
) -> Tensor:
    """Pooled maxima, and one byte for each that says where it stood."""
    memory = lowering.memory
    outputs = lowering.outputs(name, layer.output_shape(inputs.shape))
    winners = memory.each(
        f"{name} winners", "activations", outputs.rows * memory.tile, item=1
    )
    geometry = (layer.kernel_size, layer.stride, layer.padding)
    shown = f"relu + {name}" if has_relu else name
    cost = (inputs.rows * memory.tile, 4 * (inputs.rows + outputs.rows) * memory.tile)
    lowering.add(
        max_pool_entry,
        (
            inputs.pointer,
            outputs.pointer,
            winners,
            *_sizes(inputs.shape, outputs, geometry, memory.tile),
            int(has_relu),
        ),
        f"{shown} forward",
        *cost,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_inputs = _place_for_gradient(lowering, name, inputs)
        pooled = d_outputs.reshaped(outputs.shape)
        lowering.add(
            max_unpool_entry,
            (
                pooled.pointer,
                winners,
                d_inputs.pointer,
                *_sizes(inputs.shape, pooled, geometry, memory.tile),
            ),
            f"{shown} d_inputs",
            *cost,
        )
        return d_inputs

    lowering.add_backward(backward)
    return outputs


def lower_average_pool(
    lowering: Lowering,
    name: str,
    layer: AveragePool2d | GlobalAveragePool2d,
    inputs: Tensor,
) -> Tensor:
    """Pooled means; a global pooling is one window as large as the picture."""
    memory = lowering.memory
    outputs = lowering.outputs(name, layer.output_shape(inputs.shape))
    size = (inputs.shape[1], inputs.shape[2])
    if isinstance(layer, GlobalAveragePool2d):
        geometry = (size, size, (0, 0))
        pooled_shape: Shape = (inputs.shape[0], 1, 1)
    else:
        geometry = (layer.kernel_size, layer.stride, layer.padding)
        pooled_shape = outputs.shape
    cost = (inputs.rows * memory.tile, 4 * (inputs.rows + outputs.rows) * memory.tile)
    places = outputs.reshaped(pooled_shape)
    lowering.add(
        average_pool_entry,
        (
            inputs.pointer,
            outputs.pointer,
            *_sizes(inputs.shape, places, geometry, memory.tile),
        ),
        f"{name} forward",
        *cost,
    )

    def backward(d_outputs: Tensor) -> Tensor:
        d_inputs = _place_for_gradient(lowering, name, inputs)
        pooled = d_outputs.reshaped(pooled_shape)
        lowering.add(
            average_unpool_entry,
            (
                pooled.pointer,
                d_inputs.pointer,
                *_sizes(inputs.shape, pooled, geometry, memory.tile),
            ),
            f"{name} d_inputs",
            *cost,
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
    shape: Shape, pooled: Tensor, geometry: tuple[Pair, Pair, Pair], tile: int
) -> tuple[int, ...]:
    kernel, stride, padding = geometry
    return (
        *shape,
        *pooled.shape[1:],
        *kernel,
        *stride,
        *padding,
        tile,
        pooled.stride,
    )
