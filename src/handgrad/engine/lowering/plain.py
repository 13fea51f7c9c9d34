"""Run a layer that the engine does not know by its own forward and backward.

Between two phases the layer gets the whole batch as NumPy arrays. So a user's own layer
always works, more slowly; what it returns is checked, since no kernel notices a wrong
size.
"""

import ctypes
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import add_one_lane
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import FLOAT_BYTES, Memory, Tensor, pointer_to
from handgrad.engine.network_layers import layer_key
from handgrad.engine.program import Phase
from handgrad.engine.returned import gradients_of, returned
from handgrad.layers import Layer
from handgrad.layers.returned_pairs import backward_pair, forward_pair
from handgrad.randomness import Key


def lower_plain(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """The layer's own forward and backward, between phases of compiled work."""
    name, layer = node.name, node.layer
    memory, step = lowering.memory, lowering.step
    outputs = lowering.outputs(name, tuple(layer.output_shape(inputs.shape)), node)
    key = layer_key(Key(lowering.seed).child("dropout"), name)
    kept: list[Any] = []
    training = lowering.training

    def forward() -> None:
        values = read(inputs, memory, step.count)
        results = layer.forward(
            values,
            training=training,
            key=key.at(step.number, step.examples) if training else None,
        )
        result, cache = forward_pair(name, layer, results)
        kept[:] = [cache] if training else []
        expected = (step.count, *outputs.shape)
        write(outputs, memory, returned(name, layer, "outputs", result, expected))

    lowering.barrier(f"forward to {name}")
    both = [inputs.pointer, outputs.pointer]
    lowering.phases.append(Phase(f"{name} forward, plain", plain=forward, touched=both))

    def backward(d_outputs: Tensor) -> Tensor:
        is_matrix = inputs.stride == memory.columns
        place = memory.matrix if is_matrix else memory.dense
        d_inputs = place(f"d_{name}", "gradients", inputs.shape)
        places = _add_blocks(lowering, name, layer)

        def plain_backward() -> None:
            d_values = read(d_outputs.reshaped(outputs.shape), memory, step.count)
            results = layer.backward(d_values, kept[0])
            d_values, own = backward_pair(name, layer, results)
            expected = (step.count, *inputs.shape)
            write(
                d_inputs, memory, returned(name, layer, "d_inputs", d_values, expected)
            )
            for parameter, gradient in gradients_of(name, layer, own).items():
                places[parameter][...] = gradient

        lowering.barrier(f"backward to {name}")
        both = [d_outputs.pointer, d_inputs.pointer]
        lowering.phases.append(
            Phase(f"{name} backward, plain", plain=plain_backward, touched=both)
        )
        return d_inputs

    lowering.add_backward(backward)
    return outputs


def read(tensor: Tensor, memory: Memory, count: int) -> NumpyArray:
    """The first `count` examples as (count, *shape), a contiguous copy."""
    parts = [
        tile.T if not tensor.is_batch_first else tile for tile in views(tensor, memory)
    ]
    values = np.concatenate(parts)[:count]
    return np.ascontiguousarray(values).reshape(count, *tensor.shape)


def write(tensor: Tensor, memory: Memory, values: NumpyArray) -> None:
    """Write (count, *shape), and zeros for the missing examples."""
    flat = values.reshape(len(values), -1)
    for number, tile in enumerate(views(tensor, memory)):
        part = flat[number * memory.tile : (number + 1) * memory.tile]
        tile[:, : len(part)] = part.T
        tile[:, len(part) :] = 0


def views(tensor: Tensor, memory: Memory) -> list[NumpyArray]:
    """Views of each tile: (rows, columns), or (columns, rows) if batch first."""
    lines = memory.tile if tensor.is_batch_first else tensor.rows
    width = tensor.rows if tensor.is_batch_first else memory.tile
    kind = ctypes.c_float * ((lines - 1) * tensor.stride + width)
    found = []
    for number in range(memory.tiles):
        address = tensor.pointer.base + number * tensor.pointer.tile_stride
        whole = np.ctypeslib.as_array(kind.from_address(address))
        strides = (tensor.stride * FLOAT_BYTES, FLOAT_BYTES)
        found.append(np.lib.stride_tricks.as_strided(whole, (lines, width), strides))
    return found


def _add_blocks(
    lowering: Lowering, name: str, layer: Layer[Any]
) -> dict[str, NumpyArray]:
    """A buffer for each parameter's gradient, and the blocks that update them."""
    places = {}
    for parameter, values in layer.parameters().items():
        size = int(np.prod(values.shape))
        full = f"{name}.{parameter}" if name else parameter
        place = lowering.memory.array(f"d_{full}", "gradients", size)
        places[parameter] = place.reshape(values.shape)
        add_one_lane(lowering, full, pointer_to(place), size)
    return places
