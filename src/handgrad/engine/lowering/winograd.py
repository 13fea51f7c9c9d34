"""3 x 3 convolutions of many channels: a third of the multiplications.

Each window of 6 x 6 inputs is transformed to 36 points per channel, multiplied point by
point, and transformed back to 4 x 4 outputs (equations: `kernels.winograd_transforms`).
The gradient of the weights is a sum over the whole batch, so it waits for all tiles.
"""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine import processor
from handgrad.engine.kernels.bfloat16x3 import TURN_BYTES
from handgrad.engine.kernels.convolution import pack
from handgrad.engine.kernels.panels import PANEL
from handgrad.engine.kernels.registers import VECTOR_BYTES
from handgrad.engine.kernels.winograd import SQUARE, turn_kernel
from handgrad.engine.kernels.winograd_matrices import winograd_pack
from handgrad.engine.kernels.winograd_transforms import POINTS, TAPS, WEIGHTS
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.copies import dense
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.winograd_gradient import add_weight_gradient
from handgrad.engine.lowering.winograd_plan import (
    CELLS,
    Way,
    add_outputs,
    add_points,
    add_products,
)
from handgrad.engine.lowering.winograd_tiles import Places, Windows
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Conv2d

FEWEST_CHANNELS = 32


def suits_winograd(layer: Conv2d) -> bool:
    """Whether a convolution has the kernel, stride and channels that it needs."""
    return (
        layer.kernel_size == (TAPS, TAPS)
        and layer.stride == (1, 1)
        and max(layer.padding) < TAPS
        and layer.in_channels % PANEL == 0
        and layer.out_channels >= FEWEST_CHANNELS
    )


def lower_winograd(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = convolution of the padded inputs + bias."""
    name, layer = node.name, node.layer
    memory = lowering.memory
    _, height, width = inputs.shape
    shape = Convolution.of(layer, inputs.shape, memory.tile)
    windows = Windows((height, width), shape.out_size, layer.padding, memory.tile)
    outputs = memory.dense(name, "activations", (layer.out_channels, *shape.out_size))
    forward = Way(f"{name} forward", windows, layer.in_channels, layer.out_channels)
    order = convolution_tables.forward_order(shape, forward.block)
    weights = _weight_points(lowering, name, forward, order, turned=False)
    points = lowering.scratch("points", CELLS * forward.source_cell, is_large=True)
    add_points(lowering, forward, inputs, points)
    products = add_products(lowering, forward, points, weights)
    bias = lowering.store.pointer(f"{name}.bias")
    add_outputs(lowering, forward, products, outputs, (bias, FLOAT_BYTES))

    def backward(d_outputs: Tensor) -> Tensor | None:
        d_outputs = dense(lowering, f"d_{name} outputs", d_outputs)
        add_weight_gradient(lowering, name, forward, inputs, d_outputs)
        if not node.needs_d_inputs:
            return None
        return _add_d_inputs(lowering, name, shape, inputs, d_outputs)

    lowering.add_backward(backward, inputs)
    return outputs


def _add_d_inputs(
    lowering: Lowering, name: str, shape: Convolution, inputs: Tensor, d_outputs: Tensor
) -> Tensor:
    """A convolution of d_outputs with the weights turned half round."""
    top, left = (TAPS - 1 - side for side in shape.padding)
    _, height, width = inputs.shape
    windows = Windows(shape.out_size, (height, width), (top, left), shape.tile)
    back = Way(f"{name} d_inputs", windows, shape.out_channels, shape.in_channels)
    d_inputs = lowering.memory.dense(f"d_{name}", "gradients", inputs.shape)
    order = convolution_tables.backward_order(shape, back.block)
    weights = _weight_points(lowering, name, back, order, turned=True)
    points = lowering.scratch("points", CELLS * back.source_cell, is_large=True)
    add_points(lowering, back, d_outputs, points)
    products = add_products(lowering, back, points, weights)
    zero = lowering.memory.shared(f"{back.name} no bias", "settings", 1)
    add_outputs(lowering, back, products, d_inputs, (zero, 0))
    return d_inputs


def _weight_points(
    lowering: Lowering, name: str, way: Way, order: NumpyArray, *, turned: bool
) -> Pointer:
    """The weights at every pair of points: (points, blocks, channels, outputs)."""
    memory, full = lowering.memory, f"{name}.weight"
    planes = _by_taps(way, order, turned=turned)
    packed = memory.shared(f"{way.name} packed", "packed weights", planes.size)
    cells = CELLS * way.weight_cell // FLOAT_BYTES
    points = memory.shared(f"{way.name} weights", "packed weights", cells)
    places = Places(rows=[(0, 0, 0, 0)])
    packing = Operation(
        pack,
        f"{full} packed",
        weight=lowering.store.pointer(full),
        packed=packed,
        order=memory.order(planes),
        size=planes.size,
    )
    rows, masks = places.arrays()
    strides = (VECTOR_BYTES, TAPS * way.weight_cell, way.weight_cell)
    to_strides = (VECTOR_BYTES, POINTS * way.weight_cell, way.weight_cell)
    turn = Operation(
        turn_kernel(WEIGHTS),
        f"{full} at the points",
        source=packed,
        target=points,
        places=memory.lookup("places", rows),
        masks=memory.lookup("masks", masks),
        start=memory.shared(f"{way.name} zero", "settings", 1),
        count=1,
        channels=way.weight_cell // VECTOR_BYTES,
        vectors=1,
        source_strides=memory.lookup("strides", np.array(strides, np.int64)),
        target_strides=memory.lookup("strides", np.array(to_strides, np.int64)),
        start_stride=0,
    )
    if not processor.has_matrix_unit():
        lowering.beforehand(packing, turn)
        return points
    parts = memory.shared(
        f"{way.name} parts", "packed weights", CELLS * way.packed_cell // FLOAT_BYTES
    )
    scratch = lowering.scratch("parts", TURN_BYTES)
    blocks = CELLS * way.blocks
    cut = Operation(
        winograd_pack,
        f"{full} at the points, in parts",
        weights=points,
        packed=parts,
        turned=scratch,
        blocks=blocks,
        channels=way.channels,
    )
    lowering.beforehand(packing, turn, cut)
    return parts


def _by_taps(way: Way, order: NumpyArray, *, turned: bool) -> NumpyArray:
    """The order of the packed weights, a plane for each tap: whole vectors."""
    shape = (way.blocks, way.channels, -1, way.block)
    taps = order.reshape(shape).transpose(2, 0, 1, 3)[:SQUARE]
    planes = np.full((SQUARE, way.weight_cell // FLOAT_BYTES), -1, dtype=np.int64)
    size = way.blocks * way.channels * way.block
    planes[:, :size] = (taps[::-1] if turned else taps).reshape(SQUARE, size)
    return planes
