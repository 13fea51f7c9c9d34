"""Convolutions over a tile by the direct kernels."""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import add_lane_blocks
from handgrad.engine.kernels.convolution import border, dots_kernel, pack, taps_kernel
from handgrad.engine.kernels.products import clear, row_sums
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.copies import dense
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Conv2d

PIECE = 1 << 14  # floats of a weight that one task moves
KEPT_BYTES = 1 << 18  # of output gradients that stay in a core's own cache
MANY_WEIGHTS, SMALL_PICTURES = 1 << 20, 5 << 19  # bytes


def lower_directly(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = convolution of the padded inputs + bias."""
    name, layer = node.name, node.layer
    memory = lowering.memory
    padded = inputs if inputs.has_border else add_border(lowering, name, layer, inputs)
    shape = Convolution.over(layer, (padded.shape[1], padded.shape[2]), memory.tile)
    block = convolution_tables.output_block(layer.out_channels)
    vectors = convolution_tables.vectors_at_once()
    rounded = -(-layer.out_channels // block) * block
    high, wide = shape.out_size
    outputs = memory.dense(
        name,
        "activations",
        (layer.out_channels, high, wide),
        rows=rounded * high * wide,
    )
    order = convolution_tables.forward_order(shape, block)
    packed = _packed(lowering, name, order)
    numbers, more = np.arange(layer.out_channels), rounded - layer.out_channels
    bias = _packed(
        lowering, name, np.pad(numbers, (0, more), constant_values=-1), "bias"
    )
    taps, places = convolution_tables.forward_tables(shape, block)
    lowering.add(
        taps_kernel(block, vectors),
        f"{name} forward",
        inputs=padded.pointer,
        weights=packed,
        bias=bias,
        outputs=outputs.pointer,
        taps=memory.lookup("taps", taps),
        places=memory.lookup("places", places),
        count=len(places),
        channels=layer.in_channels,
        in_stride=shape.input_bytes,
        weight_stride=shape.taps * block * FLOAT_BYTES,
        blocks=rounded // block,
        block_stride=layer.in_channels * shape.taps * block * FLOAT_BYTES,
        out_stride=shape.output_bytes,
        groups=memory.tile // (LANES * vectors),
        together=places_together(
            shape, len(places), shape.in_channels * shape.input_bytes
        ),
    )

    def backward(d_outputs: Tensor) -> Tensor | None:
        d_outputs = dense(lowering, f"d_{name} outputs", d_outputs)
        _add_weight_gradient(lowering, name, shape, padded, d_outputs)
        if not node.needs_d_inputs:
            return None
        return _add_d_inputs(lowering, name, shape, inputs, d_outputs)

    lowering.add_backward(backward, padded)
    return outputs


def places_together(shape: Convolution, places: int, picture_bytes: int) -> int:
    """How many places a block of weights serves before the next block has its turn.

    All, when the weights do not fit a core's own cache and the pictures do; else one.
    """
    weights = shape.out_channels * shape.in_channels * shape.taps * FLOAT_BYTES
    is_deep = weights > MANY_WEIGHTS and picture_bytes < SMALL_PICTURES
    return places if is_deep else 1


def add_border(lowering: Lowering, name: str, layer: Conv2d, inputs: Tensor) -> Tensor:
    """The inputs inside a border of zeros, where the layer has padding."""
    if layer.padding == (0, 0):
        return inputs
    channels, height, width = inputs.shape
    top, left = layer.padding
    tall, wide = height + 2 * top, width + 2 * left
    padded = lowering.memory.dense(
        f"{name} padded", "activations", (channels, tall, wide)
    )
    lowering.add(
        border,
        f"{name} padding",
        inputs=inputs.pointer,
        outputs=padded.pointer,
        channels=channels,
        height=height,
        width=width,
        tall=tall,
        wide=wide,
        top=top,
        left=left,
        lanes=lowering.memory.tile,
    )
    return padded


def _add_d_inputs(
    lowering: Lowering, name: str, shape: Convolution, inputs: Tensor, d_outputs: Tensor
) -> Tensor:
    memory = lowering.memory
    block = convolution_tables.output_block(shape.in_channels)
    vectors = convolution_tables.vectors_at_once()
    rounded = -(-shape.in_channels // block) * block
    _, height, width = inputs.shape
    d_inputs = memory.dense(
        f"d_{name}", "gradients", inputs.shape, rows=rounded * height * width
    )
    packed = _packed(lowering, name, convolution_tables.backward_order(shape, block))
    taps, places = convolution_tables.backward_tables(shape, block)
    zeros = memory.shared(f"{name} no bias", "settings", rounded)
    lowering.add(
        taps_kernel(block, vectors),
        f"{name} d_inputs",
        inputs=d_outputs.pointer,
        weights=packed,
        bias=zeros,
        outputs=d_inputs.pointer,
        taps=memory.lookup("taps", taps),
        places=memory.lookup("places", places),
        count=len(places),
        channels=shape.out_channels,
        in_stride=shape.output_bytes,
        weight_stride=(shape.taps + 1) * block * FLOAT_BYTES,
        blocks=rounded // block,
        block_stride=shape.out_channels * (shape.taps + 1) * block * FLOAT_BYTES,
        out_stride=height * width * memory.tile * FLOAT_BYTES,
        groups=memory.tile // (LANES * vectors),
        together=places_together(
            shape, len(places), shape.out_channels * shape.output_bytes
        ),
    )
    return d_inputs


def _add_weight_gradient(
    lowering: Lowering, name: str, shape: Convolution, padded: Tensor, d_outputs: Tensor
) -> None:
    memory = lowering.memory
    outs, taps_at_once = convolution_tables.dots_block(shape.out_channels, shape.taps)
    offsets, rows, run = convolution_tables.dots_tables(shape)
    size = shape.in_channels * shape.taps
    floats = shape.out_channels * (size + 1)
    lanes = memory.each_tile(f"{name} lanes", "gradients", floats)
    bias_lanes = lanes.plus(shape.out_channels * size * FLOAT_BYTES)
    lowering.add(clear, f"{name} gradients = 0", values=lanes, size=floats)
    lowering.add(
        dots_kernel(outs, taps_at_once),
        f"{name} d_weight",
        d_outputs=d_outputs.pointer,
        inputs=padded.pointer,
        tap_offsets=memory.lookup("taps", offsets),
        rows=memory.lookup("rows", rows),
        d_weight=lanes,
        d_stride=shape.output_bytes,
        in_stride=shape.input_bytes,
        channels=shape.in_channels,
        blocks=shape.out_channels // outs,
        tap_blocks=shape.taps // taps_at_once,
        count=len(rows),
        run=run,
        together=max(1, KEPT_BYTES // (outs * shape.output_bytes)),
    )
    columns = shape.out_size[0] * shape.out_size[1] * memory.tile
    lowering.add(
        row_sums,
        f"{name} d_bias",
        values=d_outputs.pointer,
        sums=bias_lanes,
        rows=shape.out_channels,
        columns=columns,
        stride=columns,
    )
    weights = shape.out_channels * size
    add_lane_blocks(lowering, f"{name}.weight", lanes, weights, -(-weights // PIECE))
    add_lane_blocks(lowering, f"{name}.bias", bias_lanes, shape.out_channels, 1)


def _packed(
    lowering: Lowering, name: str, order: NumpyArray, parameter: str = "weight"
) -> Pointer:
    """A copy of a parameter in the order of a table, made anew before each step."""
    memory = lowering.memory
    full = f"{name}.{parameter}"
    packed = memory.shared(f"{full} packed", "packed weights", len(order))
    lowering.beforehand(
        Operation(
            pack,
            f"{full} packed",
            weight=lowering.store.pointer(full),
            packed=packed,
            order=memory.order(order),
            size=len(order),
        )
    )
    return packed
