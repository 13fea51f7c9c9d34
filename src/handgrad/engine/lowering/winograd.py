"""3 x 3 convolutions of many channels by Winograd's algorithm, forward and backward.

Each window of 6 x 6 inputs is transformed to 36 points per channel, multiplied point by
point, and transformed back to 4 x 4 outputs (equations: `kernels.winograd_transforms`):
a third of the multiplications. The weight gradient follows when all tiles are done.
"""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine import processor
from handgrad.engine.kernels.bfloat16x3 import TURN_BYTES
from handgrad.engine.kernels.panels import PANEL
from handgrad.engine.kernels.registers import VECTOR_BYTES
from handgrad.engine.kernels.winograd import SQUARE, turn_kernel
from handgrad.engine.kernels.winograd_matrices import winograd_pack
from handgrad.engine.kernels.winograd_transforms import POINTS, TAPS, WEIGHTS
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.copies import dense, packing
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.winograd_gradient import add_weight_gradient
from handgrad.engine.lowering.winograd_plan import CELLS, WinogradPlan, add_convolution
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
    name, layer, memory = node.name, node.layer, lowering.memory
    _, height, width = inputs.shape
    shape = Convolution.of(layer, inputs.shape, memory.tile)
    windows = Windows((height, width), shape.out_size, layer.padding, memory.tile)
    outputs = memory.dense(name, "activations", (layer.out_channels, *shape.out_size))
    sizes = (layer.in_channels, layer.out_channels)
    plan = WinogradPlan(f"{name} forward", windows, *sizes)
    order = convolution_tables.forward_order(shape, plan.block)
    weights = _transformed_weights(lowering, name, plan, order, rotated=False)
    bias = lowering.store.pointer(f"{name}.bias")
    add_convolution(lowering, plan, (inputs, weights, outputs), (bias, FLOAT_BYTES))

    def backward(d_outputs: Tensor) -> Tensor | None:
        d_outputs = dense(lowering, f"d_{name} outputs", d_outputs)
        add_weight_gradient(lowering, name, plan, inputs, d_outputs)
        if not node.needs_d_inputs:
            return None
        return _add_d_inputs(lowering, name, shape, inputs, d_outputs)

    lowering.add_backward(backward, inputs)
    return outputs


def _add_d_inputs(
    lowering: Lowering, name: str, shape: Convolution, inputs: Tensor, d_outputs: Tensor
) -> Tensor:
    """d_inputs = convolution of d_outputs with the weights rotated by 180 degrees."""
    top, left = (TAPS - 1 - side for side in shape.padding)
    _, height, width = inputs.shape
    windows = Windows(shape.out_size, (height, width), (top, left), shape.tile)
    sizes = (shape.out_channels, shape.in_channels)
    plan = WinogradPlan(f"{name} d_inputs", windows, *sizes)
    d_inputs = lowering.memory.dense(f"d_{name}", "gradients", inputs.shape)
    order = convolution_tables.backward_order(shape, plan.block)
    weights = _transformed_weights(lowering, name, plan, order, rotated=True)
    add_convolution(lowering, plan, (d_outputs, weights, d_inputs))
    return d_inputs


def _transformed_weights(
    lowering: Lowering,
    name: str,
    plan: WinogradPlan,
    order: NumpyArray,
    *,
    rotated: bool,
) -> Pointer:
    """The weights at the points, before each step: (points, blocks, channels, outputs).

    With a matrix unit, in three bfloat16 parts.
    """
    memory, full = lowering.memory, f"{name}.weight"
    planes = _by_taps(plan, order, rotated=rotated)
    packed = memory.shared(f"{plan.name} packed", "packed weights", planes.size)
    cells = CELLS * plan.weight_cell // FLOAT_BYTES
    points = memory.shared(f"{plan.name} weights", "packed weights", cells)
    rows, masks = Places(rows=[(0, 0, 0, 0)]).arrays()
    strides = (VECTOR_BYTES, TAPS * plan.weight_cell, plan.weight_cell)
    to_strides = (VECTOR_BYTES, POINTS * plan.weight_cell, plan.weight_cell)
    operations = [packing(lowering, full, packed, planes)]
    transform = Operation(
        turn_kernel(WEIGHTS),
        f"{full} at the points",
        source=packed,
        target=points,
        places=memory.lookup("places", rows),
        masks=memory.lookup("masks", masks),
        start=memory.shared(f"{plan.name} zero", "settings", 1),
        count=1,
        channels=plan.weight_cell // VECTOR_BYTES,
        vectors=1,
        source_strides=memory.lookup("strides", np.array(strides, np.int64)),
        target_strides=memory.lookup("strides", np.array(to_strides, np.int64)),
        start_stride=0,
    )
    operations.append(transform)
    if processor.has_matrix_unit():
        size = CELLS * plan.packed_cell // FLOAT_BYTES
        parts = memory.shared(f"{plan.name} parts", "packed weights", size)
        split = Operation(
            winograd_pack,
            f"{full} at the points, in parts",
            weights=points,
            packed=parts,
            turned=lowering.scratch("parts", TURN_BYTES),
            blocks=CELLS * plan.blocks,
            channels=plan.channels,
        )
        operations.append(split)
        points = parts
    lowering.beforehand(*operations)
    return points


def _by_taps(plan: WinogradPlan, order: NumpyArray, *, rotated: bool) -> NumpyArray:
    """The order of the packed weights, a plane for each tap: whole vectors."""
    shape = (plan.blocks, plan.channels, -1, plan.block)
    taps = order.reshape(shape).transpose(2, 0, 1, 3)[:SQUARE]
    planes = np.full((SQUARE, plan.weight_cell // FLOAT_BYTES), -1, dtype=np.int64)
    size = plan.blocks * plan.channels * plan.block
    planes[:, :size] = (taps[::-1] if rotated else taps).reshape(SQUARE, size)
    return planes
