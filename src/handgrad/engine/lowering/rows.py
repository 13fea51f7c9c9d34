"""Perceptrons, an example a row: all products by the engine's own blocks.

An activation's rows are the left side of the next product as they lie; the weight goes
into panels for the forward pass, and for the gradient of the inputs, once a step.
"""

from collections.abc import Sequence
from functools import partial

from handgrad.engine import processor
from handgrad.engine.gradient_blocks import Block, Make, add_linear_blocks
from handgrad.engine.kernels.product_blocks import ROWS, WIDTH
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.rows import (
    column_sums,
    copy_panels,
    rows_gradient,
    rows_product,
    turn_panels,
    turned_product,
)
from handgrad.engine.lowering import linear_amx as unit
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Task
from handgrad.layers import Linear

PANELS_AT_ONCE = 4  # in one task
AT_ONCE, AT_ONCE_SHORT = 768, 128  # of k, whose rows and panels stay in a core's cache
LARGE_WEIGHT = 1 << 21  # bytes
KEPT_INPUTS = 3 << 19  # bytes of inputs that stay in a core's own cache
BLOCKS = 4  # of rows of a weight's gradient
FEWEST_ROWS = 48
BLOCK_BYTES = 850_000  # of a gradient that waits in a core's own cache to be used


def at_once() -> int:
    """How many of k are added up before the next: it changes no bit.

    Blocks in registers of 8 floats take half as much from a cache for each of k, and
    twice as often: from the nearest one, then.
    """
    return AT_ONCE if processor.has_wide_registers() else AT_ONCE_SHORT


def fills_registers(layer: Linear) -> bool:
    """Whether a row of its inputs is a number of whole registers."""
    return layer.in_features % LANES == 0


def lower_by_rows(lowering: Lowering, node: Node, inputs: Tensor) -> Tensor:
    """outputs = inputs @ weight.T, without the bias."""
    name, layer = node.name, node.layer
    outputs = lowering.outputs(name, (layer.out_features,), node)
    by_unit = unit.suits_matrix_unit(layer)
    if is_large(lowering, node):
        add = unit.add_whole_products if by_unit else _add_turned_products
    else:
        add = unit.add_products if by_unit else _add_products
    add(lowering, name, layer, inputs, outputs)

    def backward(d_outputs: Tensor) -> Tensor | None:
        _add_pieces(lowering, name, layer, inputs, d_outputs)
        lowering.memory.keep(d_outputs)  # the pieces read it when all tiles are done
        if not node.needs_d_inputs:
            return None
        back = unit.add_d_inputs if by_unit else _add_d_inputs
        return back(lowering, name, layer, inputs, d_outputs)

    lowering.add_backward(backward, inputs)
    return outputs


def is_large(lowering: Lowering, node: Node) -> bool:
    """Whether a first layer's weight fills more than cores' own caches.

    Then turning it costs more time at the memory than in the processor.
    """
    layer = node.layer
    weight = layer.out_features * layer.in_features * FLOAT_BYTES
    return bool(
        lowering.training
        and not node.needs_d_inputs
        and weight >= LARGE_WEIGHT
        and layer.out_features % LANES == 0
        and lowering.memory.capacity * AT_ONCE * FLOAT_BYTES <= KEPT_INPUTS
    )


def _add_turned_products(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    """The whole batch by some outputs a task: each weight is read once, by one core."""
    memory = lowering.memory
    out, into = layer.out_features, layer.in_features
    panels = -(-out // WIDTH)
    step = -(-panels // memory.workers) * WIDTH
    weight = lowering.store.pointer(f"{name}.weight")
    scratch = lowering.scratch("panel", at_once() * WIDTH * FLOAT_BYTES)
    tasks = []
    for first in range(0, out, step):
        outs = min(step, out - first)
        operation = Operation(
            turned_product,
            f"{name} forward, outputs {first} to {first + outs}",
            inputs=inputs.pointer.whole(),
            weight=weight.plus(first * into * FLOAT_BYTES),
            outputs=outputs.pointer.whole().plus(first * FLOAT_BYTES),
            panel=scratch,
            in_row=inputs.stride * FLOAT_BYTES,
            row=outputs.stride * FLOAT_BYTES,
            rows=memory.capacity,
            columns=outs,
            count=into,
            together=at_once(),
        )
        tasks.append(Task([operation]))
    lowering.barrier(f"{name} inputs")
    lowering.phases.append(Phase(f"{name} forward", tasks))


def _add_products(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    tile = lowering.memory.tile
    out, into = layer.out_features, layer.in_features
    wide = -(-out // LANES) * LANES
    lowering.add(
        rows_product,
        f"{name} forward",
        left=inputs.pointer,
        right=_panels(lowering, name, layer),
        outputs=outputs.pointer,
        left_row=inputs.stride * FLOAT_BYTES,
        panel=into * WIDTH * FLOAT_BYTES,
        row=outputs.stride * FLOAT_BYTES,
        rows=tile,
        columns=wide,
        count=into,
        together=at_once(),
    )


def _panels(lowering: Lowering, name: str, layer: Linear) -> Pointer:
    """weight.T by panels of 48 outputs, made anew before each step."""
    out, into = layer.out_features, layer.in_features
    count = -(-out // WIDTH)
    panels = lowering.memory.shared(
        f"{name}.weight panels", "packed weights", count * into * WIDTH
    )
    weight = lowering.store.pointer(f"{name}.weight")
    for first in range(0, count, PANELS_AT_ONCE):
        row = first * WIDTH
        rows = min(out - row, PANELS_AT_ONCE * WIDTH)
        lowering.beforehand(
            Operation(
                turn_panels,
                f"{name}.weight turned, rows {row} to {row + rows}",
                weight=weight.plus(row * into * FLOAT_BYTES),
                panels=panels.plus(first * into * WIDTH * FLOAT_BYTES),
                outs=rows,
                inputs=into,
            )
        )
    return panels


def _add_d_inputs(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> Tensor:
    memory, out, into = lowering.memory, layer.out_features, layer.in_features
    d_inputs = memory.rows_matrix(f"d_{name}", "gradients", inputs.shape)
    count = -(-into // WIDTH)
    panels = memory.shared(f"{name}.weight rows", "packed weights", count * out * WIDTH)
    weight = lowering.store.pointer(f"{name}.weight")
    for first in range(0, into, PANELS_AT_ONCE * WIDTH):
        columns = min(into - first, PANELS_AT_ONCE * WIDTH)
        lowering.beforehand(
            Operation(
                copy_panels,
                f"{name}.weight, columns {first} to {first + columns}",
                weight=weight.plus(first * FLOAT_BYTES),
                panels=panels.plus(first * out * FLOAT_BYTES),
                rows=out,
                columns=columns,
                row=into * FLOAT_BYTES,
            )
        )
    lowering.add(
        rows_product,
        f"{name} d_inputs",
        left=d_outputs.pointer,
        right=panels,
        outputs=d_inputs.pointer,
        left_row=d_outputs.stride * FLOAT_BYTES,
        panel=out * WIDTH * FLOAT_BYTES,
        row=d_inputs.stride * FLOAT_BYTES,
        rows=memory.tile,
        columns=into,
        count=out,
        together=at_once(),
    )
    return d_inputs


def _add_pieces(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    out, into = layer.out_features, layer.in_features
    by_unit = unit.suits_matrix_unit(layer)
    gradient = unit.weight_gradient if by_unit else _weight_gradient

    def bias_gradient(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            Operation(
                column_sums,
                f"{name} d_bias",
                values=d_outputs.pointer.whole(),
                sums=place,
                rows=lowering.memory.capacity,
                columns=out,
                stride=d_outputs.stride,
            )
        ]

    add_linear_blocks(
        lowering,
        name,
        layer,
        blocks(out, into),
        partial(gradient, lowering, name, inputs, d_outputs),
        bias_gradient,
    )


def _weight_gradient(
    lowering: Lowering, name: str, inputs: Tensor, d_outputs: Tensor, block: Block
) -> Make:
    first, rows, left, columns = block
    capacity = lowering.memory.capacity
    d_columns = d_outputs.pointer.whole().plus(first * FLOAT_BYTES)
    images = inputs.pointer.whole().plus(left * FLOAT_BYTES)
    packed = capacity * (-(-rows // ROWS) * ROWS + WIDTH) + LANES
    scratch = lowering.scratch("rows side by side", packed * FLOAT_BYTES)

    def make(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            Operation(
                rows_gradient,
                f"{name} d_weight, rows {first} to {first + rows}",
                d_outputs=d_columns,
                inputs=images,
                d_weight=place,
                packed=scratch,
                d_row=d_outputs.stride * FLOAT_BYTES,
                in_row=inputs.stride * FLOAT_BYTES,
                row=stride * FLOAT_BYTES,
                rows=rows,
                columns=columns,
                count=capacity,
                together=at_once(),
            )
        ]

    return make


def blocks(out: int, into: int) -> list[Block]:
    """(first row, rows, first column, columns) of a weight's blocks.

    Fixed by the sizes alone, so the bits do not depend on the number of workers.
    """
    step = max(FEWEST_ROWS, -(-out // (BLOCKS * ROWS)) * ROWS)
    parts = -(-min(step, out) * into * FLOAT_BYTES // BLOCK_BYTES)
    width = -(-into // (parts * WIDTH)) * WIDTH
    return [
        (first, min(step, out - first), left, min(width, into - left))
        for first in range(0, out, step)
        for left in range(0, into, width)
    ]
