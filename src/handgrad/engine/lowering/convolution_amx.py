"""Convolutions of many channels through the matrix unit, where there is one.

Tap by tap: the unit multiplies faster than memory delivers transformed windows.
"""

from functools import partial
from math import prod

from handgrad.arrays import Pair
from handgrad.engine import processor
from handgrad.engine.gradient_blocks import add_bias_lanes, add_row_blocks
from handgrad.engine.kernels import convolution_matrices
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, packed_bytes
from handgrad.engine.kernels.unit_gradient import (
    gradient_scratch_bytes,
    unit_gradient,
    unit_sum,
)
from handgrad.engine.lowering.convolution_kernels import ConvolutionKernels
from handgrad.engine.lowering.convolution_tables import numbers
from handgrad.engine.lowering.copies import packing
from handgrad.engine.memory_plan import FLOAT_BYTES, NOWHERE, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Conv2d

KEPT_BYTES = 5 << 18  # of packed rows that stay in a core's own cache
MOST_TAPS = 49


def suits_amx(layer: Conv2d) -> bool:
    """Whether a convolution's channels fill the matrix unit."""
    tall, broad = layer.kernel_size
    return (
        layer.in_channels % SIDE == 0
        and layer.out_channels % SIDE == 0
        and layer.stride == (1, 1)
        and tall * broad <= MOST_TAPS
        and layer.padding[0] < tall
        and layer.padding[1] < broad
        and processor.has_matrix_unit()
    )


class AmxConvolution(ConvolutionKernels):
    """A convolution through the matrix unit."""

    def forward(self) -> Tensor:
        """Add the convolution; the kernel skips the padding."""
        shape = (self.shape.out_channels, *self.shape.out_size)
        outputs = self.memory.dense(self.name, "activations", shape)
        sides = (self.inputs, self._packed(transposed=False), outputs)
        self._add("forward", sides, self.shape.padding, self.bias)
        return outputs

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        """Add the convolution of d_outputs."""
        name, shape = f"d_{self.name}", self.inputs.shape
        d_inputs = self.memory.dense(name, "gradients", shape)
        (tall, broad), (top, left) = self.shape.kernel, self.shape.padding
        sides = (d_outputs, self._packed(transposed=True), d_inputs)
        self._add("d_inputs", sides, (tall - 1 - top, broad - 1 - left), NOWHERE)
        return d_inputs

    def _add(
        self,
        what: str,
        sides: tuple[Tensor, Pointer, Tensor],
        padding: Pair,
        bias: Pointer,
    ) -> None:
        (inputs, weights, outputs), kernel = sides, self.shape.kernel
        size = convolution_matrices.forward_scratch_bytes(
            inputs.shape[0], outputs.shape[2], kernel
        )
        self.lowering.add(
            convolution_matrices.unit_convolution,
            f"{self.name} {what}",
            inputs=inputs.pointer,
            weights=weights,
            bias=bias,
            outputs=outputs.pointer,
            table=self.lowering.scratch("parts", size),
            has_bias=bias != NOWHERE,
            **_sizes(inputs, outputs, kernel, padding),
        )

    def _packed(self, *, transposed: bool) -> Pointer:
        """The weights in bfloat16 parts, by taps; rotated for d_inputs."""
        memory, full, shape = self.memory, f"{self.name}.weight", self.shape
        outs, channels, taps = shape.out_channels, shape.in_channels, shape.taps
        order = numbers(shape).transpose(2, 0, 1)
        if transposed:
            order = order[::-1].transpose(0, 2, 1)
            outs, channels = channels, outs
        kind = "transposed" if transposed else "by taps"
        ordered = memory.shared(f"{full} {kind}", "packed weights", order.size)
        size = taps * packed_bytes(outs, channels) // FLOAT_BYTES
        packed = memory.shared(f"{full} parts, {kind}", "packed weights", size)
        self.lowering.add_preparation(
            packing(self.lowering, full, ordered, order, kind),
            Operation(
                convolution_matrices.unit_weights,
                f"{full} {kind}, in parts",
                weights=ordered,
                packed=packed,
                transposed=self.lowering.scratch("parts", TRANSPOSE_BYTES),
                taps=taps,
                outs=outs,
                channels=channels,
            ),
        )
        return packed

    def add_gradients(self, d_outputs: Tensor) -> None:
        """Add partial sums for each tile, and their sums."""
        memory, shape, name = self.memory, self.shape, self.name
        sizes = (shape.in_channels, shape.out_channels)
        size = prod(sizes) * shape.taps
        parts = memory.each_tile(f"{name} d_weight, a tile", "gradients", size)
        together = rows_together(sizes, shape.out_size, shape.kernel)
        size = gradient_scratch_bytes(sizes, shape.out_size[1], shape.kernel, together)
        self.lowering.add(
            unit_gradient,
            f"{name} d_weight",
            d_outputs=d_outputs.pointer,
            inputs=self.inputs.pointer,
            d_weight=parts,
            table=self.lowering.scratch("parts", size),
            together=together,
            **_sizes(self.inputs, d_outputs, shape.kernel, shape.padding),
        )
        columns, compute = (
            shape.in_channels * shape.taps,
            partial(self._all_tiles, parts),
        )
        name = f"{name}.weight"
        add_row_blocks(self.lowering, name, shape.out_channels, columns, compute)
        add_bias_lanes(self.lowering, self.node, d_outputs)

    def _all_tiles(
        self, parts: Pointer, first: int, rows: int, place: Pointer, stride: int
    ) -> list[Operation]:
        """The sum of the partial sums of some outputs."""
        channels = self.shape.in_channels
        operation = Operation(
            unit_sum,
            f"{self.name} d_weight, all tiles",
            parts=parts.whole().plus(first * channels * FLOAT_BYTES),
            d_weight=place,
            taps=self.shape.taps,
            outs=self.shape.out_channels,
            rows=rows,
            channels=channels,
            tiles=self.memory.tiles,
            size=parts.tile_stride,
        )
        return [operation]


def rows_together(sizes: Pair, out_size: Pair, kernel: Pair) -> int:
    """Rows of outputs that fit a core's own cache, packed with their inputs."""
    channels, outs = (size // SIDE for size in sizes)
    row = packed_bytes(SIDE, SIDE)
    each = (out_size[1] + kernel[1] - 1) * channels * row
    d_each = out_size[1] * outs * row
    fit = (KEPT_BYTES - (kernel[0] - 1) * each) // (each + d_each)
    return min(max(fit, 1), out_size[0], 128)


def _sizes(
    inputs: Tensor, outputs: Tensor, kernel: Pair, padding: Pair
) -> dict[str, int]:
    values = (*inputs.shape, *outputs.shape, *kernel, *padding)
    return dict(zip(convolution_matrices.SIZES, values, strict=True))
