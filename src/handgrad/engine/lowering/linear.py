"""Linear layers: products of a tile forward and back, weight gradients by blocks.

The gradient of a weight is a sum over the whole batch. When all tiles are done, it is
one product for each block of rows, which the optimizer moves while it is in the cache.
"""

from collections.abc import Sequence
from functools import partial

from handgrad.engine.gradient_blocks import Block, Make, add_linear_blocks
from handgrad.engine.kernels.products import clear, product, row_sums
from handgrad.engine.lowering.activation import lower_bias
from handgrad.engine.lowering.copies import whole
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.lowering.plan import LINEAR_TILE, SKINNY_TILE
from handgrad.engine.lowering.rows import lower_by_rows
from handgrad.engine.lowering.skinny import (
    MOST_OUTPUTS,
    add_forward,
    add_gradients,
    is_skinny,
)
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Linear

TASK_OPERATIONS = 12_000_000  # of one block of a weight's gradient
FEWEST_ROWS, MOST_BLOCKS = 60, 4  # a product packs its right side once a block
SKINNY = 32


def tile_of_linear(layer: Linear) -> int:
    """Few examples where a tile takes a few microseconds all the same."""
    return SKINNY_TILE if layer.out_features <= MOST_OUTPUTS else LINEAR_TILE


def lower_linear(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = weight @ inputs + bias, with the activation after it, if any."""
    flat = inputs.reshaped((inputs.rows,))
    lower = lower_by_rows if lowering.by_rows else _lower_products
    return lower_bias(lowering, node, lower(lowering, node, flat))


def _lower_products(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = weight @ inputs."""
    name, layer, tile = node.name, node.layer, lowering.memory.tile
    if lowering.training and not inputs.is_batch_first:
        inputs = whole(lowering, f"{name} inputs", inputs)  # d_weight reads all tiles
    outputs = lowering.memory.matrix(name, "activations", (layer.out_features,))
    weight = lowering.store.pointer(f"{name}.weight")
    out, into = layer.out_features, layer.in_features
    if is_skinny(layer, inputs):
        add_forward(lowering, name, layer, inputs, outputs)
    else:
        lowering.add(
            product,
            f"{name} forward",
            left=weight,
            right=inputs.pointer,
            outputs=outputs.pointer,
            rows=out,
            columns=tile,
            inner=into,
            left_stride=into,
            right_stride=inputs.stride,
            out_stride=outputs.stride,
            left_turned=False,
            right_turned=inputs.is_batch_first,
        )

    def backward(d_outputs: Tensor) -> Tensor | None:
        if is_skinny(layer, inputs):
            add_gradients(lowering, name, layer, inputs, d_outputs)
            return None  # the images themselves ask for no gradient
        d_outputs = whole(lowering, f"d_{name} outputs", d_outputs)
        _add_pieces(lowering, name, layer, inputs, d_outputs)
        lowering.memory.keep(d_outputs)  # the pieces read it when all tiles are done
        if not node.needs_d_inputs:
            return None
        d_inputs = lowering.memory.matrix(f"d_{name}", "gradients", inputs.shape)
        lowering.add(
            product,
            f"{name} d_inputs",
            left=weight,
            right=d_outputs.pointer,
            outputs=d_inputs.pointer,
            rows=into,
            columns=tile,
            inner=out,
            left_stride=into,
            right_stride=d_outputs.stride,
            out_stride=d_inputs.stride,
            left_turned=True,
            right_turned=False,
        )
        return d_inputs

    lowering.add_backward(backward, inputs)
    return outputs


def _add_pieces(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    out, into = layer.out_features, layer.in_features
    capacity = lowering.memory.capacity

    def bias_gradient(place: Pointer, stride: int) -> list[Operation]:
        return [
            Operation(clear, f"{name} d_bias = 0", values=place, size=out),
            Operation(
                row_sums,
                f"{name} d_bias",
                values=d_outputs.pointer.whole(),
                sums=place,
                rows=out,
                columns=capacity,
                stride=d_outputs.stride,
            ),
        ]

    add_linear_blocks(
        lowering,
        name,
        layer,
        blocks(out, into, capacity),
        partial(_weight_gradient, lowering, name, inputs, d_outputs),
        bias_gradient,
    )


def _weight_gradient(
    lowering: Lowering, name: str, inputs: Tensor, d_outputs: Tensor, block: Block
) -> Make:
    first, rows, left, columns = block
    capacity = lowering.memory.capacity
    d_rows = d_outputs.pointer.whole().plus(first * d_outputs.stride * FLOAT_BYTES)
    step = 1 if inputs.is_batch_first else inputs.stride
    right = inputs.pointer.whole().plus(left * step * FLOAT_BYTES)

    def make(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            Operation(
                product,
                f"{name} d_weight, rows {first} to {first + rows}",
                left=d_rows,
                right=right,
                outputs=place,
                rows=rows,
                columns=columns,
                inner=capacity,
                left_stride=d_outputs.stride,
                right_stride=inputs.stride,
                out_stride=stride,
                left_turned=False,
                right_turned=not inputs.is_batch_first,
            )
        ]

    return make


def blocks(out: int, into: int, capacity: int) -> list[Block]:
    """(first row, rows, first column, columns) of a weight's blocks.

    Fixed by the sizes alone, never by the number of workers, so the bits are too.
    """
    count = max(1, round(2 * out * into * capacity / TASK_OPERATIONS))
    count = min(count, MOST_BLOCKS)
    if out < SKINNY:
        edges = _edges(into, min(count, max(1, into // 64)), 16)
        return [(0, out, left, right - left) for left, right in edges]
    edges = _edges(out, min(count, max(1, out // FEWEST_ROWS)), 4)
    return [(first, last - first, 0, into) for first, last in edges]


def _edges(size: int, count: int, step: int) -> list[tuple[int, int]]:
    width = -(-size // count)
    width = -(-width // step) * step
    return [(at, min(at + width, size)) for at in range(0, size, width)]
