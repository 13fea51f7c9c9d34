"""Convolutions of many channels through the matrix unit, where there is one.

Tap by tap: the unit multiplies faster than memory delivers transformed windows.
"""

from handgrad.arrays import Pair
from handgrad.engine import processor
from handgrad.engine.gradient_blocks import add_bias_lanes, add_row_blocks
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.bfloat16x3 import TURN_BYTES, packed_bytes
from handgrad.engine.kernels.convolution_matrices import (
    SIZES,
    forward_scratch_bytes,
    unit_convolution,
    unit_weights,
)
from handgrad.engine.kernels.unit_gradient import (
    gradient_scratch_bytes,
    unit_gradient,
    unit_sum,
)
from handgrad.engine.lowering.convolution_tables import Convolution, numbers
from handgrad.engine.lowering.copies import dense, packing
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import FLOAT_BYTES, NOWHERE, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Conv2d

KEPT_BYTES = 5 << 18  # of packed rows that stay in a core's own cache
MOST_TAPS = 49


def suits_unit(layer: Conv2d) -> bool:
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


def lower_by_unit(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = convolution of the padded inputs + bias."""
    name, layer = node.name, node.layer
    memory = lowering.memory
    shape = Convolution.of(layer, inputs.shape, memory.tile)
    outputs = memory.dense(name, "activations", (layer.out_channels, *shape.out_size))
    weights = _packed(lowering, name, shape, turned=False)
    bias = lowering.store.pointer(f"{name}.bias")
    _add_convolution(
        lowering, f"{name} forward", (inputs, weights, outputs), shape, bias
    )

    def backward(d_outputs: Tensor) -> Tensor | None:
        d_outputs = dense(lowering, f"d_{name} outputs", d_outputs)
        _add_weight_gradient(lowering, name, shape, inputs, d_outputs)
        if not node.needs_d_inputs:
            return None
        d_inputs = memory.dense(f"d_{name}", "gradients", inputs.shape)
        turned = _packed(lowering, name, shape, turned=True)
        sides = (d_outputs, turned, d_inputs)
        _add_convolution(lowering, f"{name} d_inputs", sides, shape, None)
        return d_inputs

    lowering.add_backward(backward, inputs)
    return outputs


def _add_convolution(
    lowering: Lowering,
    stands_for: str,
    sides: tuple[Tensor, Pointer, Tensor],
    shape: Convolution,
    bias: Pointer | None,
) -> None:
    inputs, weights, outputs = sides
    padding = shape.padding
    if bias is None:
        tall, broad = shape.kernel
        padding = (tall - 1 - padding[0], broad - 1 - padding[1])
    wide = outputs.shape[2]
    scratch = forward_scratch_bytes(inputs.shape[0], wide, shape.kernel)
    lowering.add(
        unit_convolution,
        stands_for,
        inputs=inputs.pointer,
        weights=weights,
        bias=bias or NOWHERE,
        outputs=outputs.pointer,
        table=lowering.scratch("parts", scratch),
        has_bias=bias is not None,
        **_sizes(inputs, outputs, shape.kernel, padding),
    )


def _packed(
    lowering: Lowering, name: str, shape: Convolution, *, turned: bool
) -> Pointer:
    """The weights in bfloat16 parts, by taps; rotated by 180 degrees for d_inputs."""
    memory, full = lowering.memory, f"{name}.weight"
    outs, channels, taps = shape.out_channels, shape.in_channels, shape.taps
    order = numbers(shape).transpose(2, 0, 1)
    if turned:
        order = order[::-1].transpose(0, 2, 1)
        outs, channels = channels, outs
    kind = "turned" if turned else "by taps"
    ordered = memory.shared(f"{full} {kind}", "packed weights", order.size)
    size = taps * packed_bytes(outs, channels) // FLOAT_BYTES
    packed = memory.shared(f"{full} parts, {kind}", "packed weights", size)
    lowering.beforehand(
        packing(lowering, full, ordered, order, kind),
        Operation(
            unit_weights,
            f"{full} {kind}, in parts",
            weights=ordered,
            packed=packed,
            turned=lowering.scratch("parts", TURN_BYTES),
            taps=taps,
            outs=outs,
            channels=channels,
        ),
    )
    return packed


def _add_weight_gradient(
    lowering: Lowering, name: str, shape: Convolution, inputs: Tensor, d_outputs: Tensor
) -> None:
    memory = lowering.memory
    outs, channels, taps = shape.out_channels, shape.in_channels, shape.taps
    size = outs * channels * taps
    parts = memory.each_tile(f"{name} d_weight, a tile", "gradients", size)
    together = rows_together((channels, outs), shape.out_size, shape.kernel)
    sizes = ((channels, outs), shape.out_size[1], shape.kernel, together)
    lowering.add(
        unit_gradient,
        f"{name} d_weight",
        d_outputs=d_outputs.pointer,
        inputs=inputs.pointer,
        d_weight=parts,
        table=lowering.scratch("parts", gradient_scratch_bytes(*sizes)),
        together=together,
        **_sizes(inputs, d_outputs, shape.kernel, shape.padding),
    )

    def all_tiles(
        first: int, rows: int, place: Pointer, stride: int
    ) -> list[Operation]:
        operation = Operation(
            unit_sum,
            f"{name} d_weight, all tiles",
            parts=parts.whole().plus(first * channels * FLOAT_BYTES),
            d_weight=place,
            taps=shape.taps,
            outs=outs,
            rows=rows,
            channels=channels,
            tiles=memory.tiles,
            size=parts.tile_stride,
        )
        return [operation]

    columns = channels * shape.taps
    add_row_blocks(lowering, f"{name}.weight", outs, columns, all_tiles)
    add_bias_lanes(lowering, name, d_outputs)


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
    return dict(zip(SIZES, values, strict=True))
