"""3 x 3 convolutions of many channels by Winograd's algorithm, forward and backward.

Each window of 6 x 6 inputs is transformed to 36 points per channel, multiplied point by
point, and transformed back to 4 x 4 outputs (equations: `kernels.winograd_transforms`):
a third of the multiplications. The weight gradient follows when all tiles are done.
"""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import add_bias_lanes
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES
from handgrad.engine.kernels.panels import PANEL
from handgrad.engine.kernels.registers import VECTOR_BYTES
from handgrad.engine.kernels.winograd import SQUARE
from handgrad.engine.kernels.winograd_matrices import winograd_pack
from handgrad.engine.kernels.winograd_transforms import TAPS, WEIGHTS
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_kernels import ConvolutionKernels
from handgrad.engine.lowering.copies import packing
from handgrad.engine.lowering.winograd_gradient import add_weight_gradient
from handgrad.engine.lowering.winograd_plan import (
    CELLS,
    WinogradPlan,
    add_convolution,
    goes_by_unit,
    point_strides,
    transform,
)
from handgrad.engine.lowering.winograd_tiles import Places, Windows
from handgrad.engine.memory_plan import FLOAT_BYTES, NOWHERE, Pointer, Tensor
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


class WinogradConvolution(ConvolutionKernels):
    """A 3 x 3 convolution by Winograd's algorithm."""

    def forward(self) -> Tensor:
        """Add the convolution; masks replace the padding."""
        shape, (_, height, width) = self.shape, self.inputs.shape
        size, tile = (height, width), self.memory.tile
        windows = Windows(size, shape.out_size, shape.padding, tile)
        out_shape = (shape.out_channels, *shape.out_size)
        outputs = self.memory.dense(self.name, "activations", out_shape)
        channels = (shape.in_channels, shape.out_channels)
        self.plan = plan = WinogradPlan(f"{self.name} forward", windows, *channels)
        order = convolution_tables.forward_order(shape, plan.block)
        weights = self._transformed_weights(plan, order, rotated=False)
        sides = (self.inputs, weights, outputs)
        bias = None if self.bias is NOWHERE else (self.bias, FLOAT_BYTES)
        add_convolution(self.lowering, plan, sides, bias)
        return outputs

    def add_gradients(self, d_outputs: Tensor) -> None:
        """Add the sums over the whole batch, after all tiles."""
        add_bias_lanes(self.lowering, self.node, d_outputs)
        add_weight_gradient(self.lowering, self.name, self.plan, self.inputs, d_outputs)

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        """Add the convolution of d_outputs."""
        shape, (_, height, width) = self.shape, self.inputs.shape
        top, left = (TAPS - 1 - side for side in shape.padding)
        windows = Windows(shape.out_size, (height, width), (top, left), shape.tile)
        channels = (shape.out_channels, shape.in_channels)
        plan = WinogradPlan(f"{self.name} d_inputs", windows, *channels)
        name = f"d_{self.name}"
        d_inputs = self.memory.dense(name, "gradients", self.inputs.shape)
        order = convolution_tables.backward_order(shape, plan.block)
        weights = self._transformed_weights(plan, order, rotated=True)
        add_convolution(self.lowering, plan, (d_outputs, weights, d_inputs))
        return d_inputs

    def _transformed_weights(
        self, plan: WinogradPlan, order: NumpyArray, *, rotated: bool
    ) -> Pointer:
        """The weights at the points: (points, blocks, channels, outputs).

        Computed before each step; with a matrix unit, in three bfloat16 parts.
        """
        memory, full = self.memory, f"{self.name}.weight"
        planes = _by_taps(plan, order, rotated=rotated)
        packed = memory.shared(f"{plan.name} packed", "packed weights", planes.size)
        cells = CELLS * plan.weight_cell // FLOAT_BYTES
        points = memory.shared(f"{plan.name} weights", "packed weights", cells)
        cell = plan.weight_cell
        source = (packed, (VECTOR_BYTES, TAPS * cell, cell))
        operations = [
            packing(self.lowering, full, packed, planes),
            transform(
                memory,
                WEIGHTS,
                f"{full} at the points",
                (source, (points, point_strides(VECTOR_BYTES, cell))),
                Places(rows=[(0, 0, 0, 0)]),
                cell // VECTOR_BYTES,
                vectors=1,
            ),
        ]
        if goes_by_unit():
            size = CELLS * plan.packed_cell // FLOAT_BYTES
            parts = memory.shared(f"{plan.name} parts", "packed weights", size)
            split = Operation(
                winograd_pack,
                f"{full} at the points, in parts",
                weights=points,
                packed=parts,
                transposed=self.lowering.scratch("parts", TRANSPOSE_BYTES),
                blocks=CELLS * plan.blocks,
                channels=plan.channels,
            )
            operations.append(split)
            points = parts
        self.lowering.add_preparation(*operations)
        return points


def _by_taps(plan: WinogradPlan, order: NumpyArray, *, rotated: bool) -> NumpyArray:
    """The order of the packed weights, a plane for each tap: whole vectors."""
    shape = (plan.blocks, plan.channels, -1, plan.block)
    taps = order.reshape(shape).transpose(2, 0, 1, 3)[:SQUARE]
    planes = np.full((SQUARE, plan.weight_cell // FLOAT_BYTES), -1, dtype=np.int64)
    size = plan.blocks * plan.channels * plan.block
    planes[:, :size] = (taps[::-1] if rotated else taps).reshape(SQUARE, size)
    return planes
