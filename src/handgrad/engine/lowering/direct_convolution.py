"""Convolutions tap by tap over a tile, by kernels for vector registers."""

from dataclasses import dataclass

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.engine.gradient_blocks import add_lane_blocks
from handgrad.engine.kernels.convolution import border, dots_kernel, taps_kernel
from handgrad.engine.kernels.products import clear, row_sums
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.lowering import convolution_tables
from handgrad.engine.lowering.convolution_kernels import ConvolutionKernels
from handgrad.engine.lowering.convolution_tables import Convolution
from handgrad.engine.lowering.copies import packing
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory_plan import FLOAT_BYTES, NOWHERE, Pointer, Tensor
from handgrad.layers import Conv2d

BLOCK_FLOATS = 1 << 14  # of a weight that one task updates
KEPT_BYTES = 1 << 18  # of output gradients that stay in a core's own cache
MANY_WEIGHTS, SMALL_PICTURES = 1 << 20, 5 << 19  # bytes


@dataclass(frozen=True)
class TapsPass:
    """One pass of the taps kernel: forward, or the gradient of the inputs.

    Sums over `channels` and `taps` give `outs` numbers for each place; `in_bytes` and
    `out_bytes` lie between two channels of what is read and written.
    """

    shape: Convolution
    channels: int
    taps: int
    outs: int
    in_bytes: int
    out_bytes: int

    @property
    def block(self) -> int:
        """Outputs at once."""
        return convolution_tables.output_block(self.outs)

    @property
    def rounded(self) -> int:
        """Outputs, in whole blocks."""
        return -(-self.outs // self.block) * self.block

    def add(
        self,
        lowering: Lowering,
        stands_for: str,
        arrays: tuple[Pointer, Pointer, Pointer, Pointer],
        tables: tuple[NumpyArray, NumpyArray],
    ) -> None:
        """Add the operation on inputs, weights, bias and outputs; tables: see taps."""
        memory, (taps, places) = lowering.memory, tables
        inputs, weights, bias, outputs = arrays
        vectors = convolution_tables.vectors_at_once()
        weight_stride = self.taps * self.block * FLOAT_BYTES
        picture_bytes = self.channels * self.in_bytes
        lowering.add(
            taps_kernel(self.block, vectors),
            stands_for,
            inputs=inputs,
            weights=weights,
            bias=bias,
            outputs=outputs,
            taps=memory.lookup("taps", taps),
            places=memory.lookup("places", places),
            count=len(places),
            channels=self.channels,
            in_stride=self.in_bytes,
            weight_stride=weight_stride,
            blocks=self.rounded // self.block,
            block_stride=self.channels * weight_stride,
            out_stride=self.out_bytes,
            groups=memory.tile // (LANES * vectors),
            together=places_together(self.shape, len(places), picture_bytes),
        )


class DirectConvolution(ConvolutionKernels):
    """A convolution tap by tap, for any sizes."""

    def forward(self) -> Tensor:
        """Add the padding, where there is any, and the convolution."""
        name, shape, unpadded = self.name, self.shape, self.inputs.shape
        if not self.inputs.has_border:
            self.inputs = add_border(self.lowering, name, self.node.layer, self.inputs)
        self._unpadded = unpadded
        sizes = (shape.in_channels, shape.taps, shape.out_channels)
        taps = TapsPass(shape, *sizes, shape.input_bytes, shape.output_bytes)
        high, wide = shape.out_size
        out_shape, rows = (taps.outs, high, wide), taps.rounded * high * wide
        outputs = self.memory.dense(name, "activations", out_shape, rows=rows)
        order = convolution_tables.forward_order(shape, taps.block)
        packed = self._packed("weight", order)
        numbers, more = np.arange(taps.outs), taps.rounded - taps.outs
        numbers = np.pad(numbers, (0, more), constant_values=-1)
        if self.bias is NOWHERE:
            bias = self._zeros("forward", taps.rounded)
        else:
            bias = self._packed("bias", numbers)
        arrays = (self.inputs.pointer, packed, bias, outputs.pointer)
        tables = convolution_tables.forward_tables(shape, taps.block)
        taps.add(self.lowering, f"{name} forward", arrays, tables)
        return outputs

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        """Add, for each pixel, the sum over all outputs whose window covers it."""
        memory, name, shape = self.memory, self.name, self.shape
        _, height, width = self._unpadded
        sizes = (shape.out_channels, shape.taps + 1, shape.in_channels)  # a zero tap
        picture_bytes = height * width * memory.tile * FLOAT_BYTES
        taps = TapsPass(shape, *sizes, shape.output_bytes, picture_bytes)
        rows = taps.rounded * height * width
        d_inputs = memory.dense(f"d_{name}", "gradients", self._unpadded, rows=rows)
        order = convolution_tables.backward_order(shape, taps.block)
        packed = self._packed("weight", order)
        zeros = self._zeros("d_inputs", taps.rounded)
        arrays = (d_outputs.pointer, packed, zeros, d_inputs.pointer)
        tables = convolution_tables.backward_tables(shape, taps.block)
        taps.add(self.lowering, f"{name} d_inputs", arrays, tables)
        return d_inputs

    def add_gradients(self, d_outputs: Tensor) -> None:
        """Add partial sums for each tile."""
        lowering, memory = self.lowering, self.memory
        name, shape = self.name, self.shape
        outs, taps_at_once = convolution_tables.dots_block(
            shape.out_channels, shape.taps
        )
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
            inputs=self.inputs.pointer,
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
        weights = shape.out_channels * size
        count = -(-weights // BLOCK_FLOATS)
        add_lane_blocks(lowering, f"{name}.weight", lanes, weights, count)
        if self.bias is NOWHERE:
            return
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
        add_lane_blocks(lowering, f"{name}.bias", bias_lanes, shape.out_channels, 1)

    def _zeros(self, what: str, count: int) -> Pointer:
        """In place of a bias."""
        return self.memory.shared(f"{self.name} {what}, no bias", "settings", count)

    def _packed(self, parameter: str, order: NumpyArray) -> Pointer:
        """A parameter copied in the order of a table, before each step."""
        full = f"{self.name}.{parameter}"
        packed = self.memory.shared(f"{full} packed", "packed weights", len(order))
        self.lowering.add_preparation(packing(self.lowering, full, packed, order))
        return packed


def places_together(shape: Convolution, places: int, picture_bytes: int) -> int:
    """Places that are computed with one block of weights before the next block.

    All, when the weights do not fit a core's own cache and the pictures do; else one.
    """
    weights = shape.out_channels * shape.in_channels * shape.taps * FLOAT_BYTES
    is_deep = weights > MANY_WEIGHTS and picture_bytes < SMALL_PICTURES
    return places if is_deep else 1


def add_border(lowering: Lowering, name: str, layer: Conv2d, inputs: Tensor) -> Tensor:
    """The inputs with zeros around them, where the layer has padding."""
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
