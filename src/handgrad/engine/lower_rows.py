"""Perceptrons, an example a row: all products by the engine's own blocks.

An activation's rows are the left side of the next product as they lie; the weight goes
into panels for the forward pass, and for the gradient of the inputs, once a step.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from handgrad.engine import lower_matrices as unit
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.rows import (
    ROWS,
    WIDTH,
    column_sums_entry,
    copied_panels_entry,
    panels_entry,
    rows_gradient_entry,
    rows_product_entry,
    turned_product_entry,
)
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.pieces import Piece
from handgrad.engine.program import OldOperation, Phase, Task
from handgrad.layers import Linear

PANELS_AT_ONCE = 4  # in one task
AT_ONCE = 768  # of k, whose rows and panels stay in a core's own cache
LARGE_WEIGHT = 1 << 21  # bytes
KEPT_INPUTS = 3 << 19  # bytes of inputs that stay in a core's own cache
BLOCKS = 4  # of rows of a weight's gradient
FEWEST_ROWS = 48
BLOCK_BYTES = 850_000  # of a gradient that waits in a core's own cache to be used
Block: TypeAlias = tuple[int, int, int, int]
Make: TypeAlias = Callable[[Pointer, int], Sequence[Operation]]


def lower_linear_by_rows(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor
) -> Tensor:
    """outputs = inputs @ weight.T, without the bias."""
    memory, out = lowering.memory, layer.out_features
    outputs = memory.rows_matrix(name, "activations", (out,))
    by_unit = unit.suits_matrix_unit(layer)
    if is_large(lowering, layer):
        add = unit.add_whole_products if by_unit else _add_turned_products
    else:
        add = unit.add_products if by_unit else _add_products
    add(lowering, name, layer, inputs, outputs)
    needs_d_inputs = lowering.needs_d_inputs

    def backward(d_outputs: Tensor) -> Tensor | None:
        _add_pieces(lowering, name, layer, inputs, d_outputs)
        lowering.memory.keep(d_outputs)  # the pieces read it when all tiles are done
        if not needs_d_inputs:
            return None
        back = unit.add_d_inputs if by_unit else _add_d_inputs
        return back(lowering, name, layer, inputs, d_outputs)

    lowering.add_backward(backward, inputs)
    return outputs


def is_large(lowering: Lowering, layer: Linear) -> bool:
    """Whether a first layer's weight fills more than cores' own caches.

    Then turning it costs more time at the memory than in the processor.
    """
    weight = layer.out_features * layer.in_features * FLOAT_BYTES
    return (
        lowering.training
        and not lowering.needs_d_inputs
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
    scratch = lowering.scratch("panel", AT_ONCE * WIDTH)
    tasks = []
    for first in range(0, out, step):
        outs = min(step, out - first)
        operation = OldOperation(
            turned_product_entry,
            (
                inputs.pointer.whole(),
                weight.plus(first * into * FLOAT_BYTES),
                outputs.pointer.whole().plus(first * FLOAT_BYTES),
                scratch,
                inputs.stride * FLOAT_BYTES,
                outputs.stride * FLOAT_BYTES,
                memory.capacity,
                outs,
                into,
                AT_ONCE,
            ),
            f"{name} forward, outputs {first} to {first + outs}",
            2 * outs * into * memory.capacity,
            FLOAT_BYTES * (outs * into + (outs + into) * memory.capacity),
        )
        tasks.append(Task([operation]))
    lowering.meet(f"{name} inputs")
    lowering.phases.append(Phase(f"{name} forward", tasks))


def _add_products(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    tile = lowering.memory.tile
    out, into = layer.out_features, layer.in_features
    wide = -(-out // LANES) * LANES
    lowering.add(
        rows_product_entry,
        (
            inputs.pointer,
            _panels(lowering, name, layer),
            outputs.pointer,
            inputs.stride * FLOAT_BYTES,
            into * WIDTH * FLOAT_BYTES,
            outputs.stride * FLOAT_BYTES,
            tile,
            wide,
            into,
            AT_ONCE,
        ),
        f"{name} forward",
        2 * out * into * tile,
        FLOAT_BYTES * (out * into + (out + into) * tile),
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
            OldOperation(
                panels_entry,
                (
                    weight.plus(row * into * FLOAT_BYTES),
                    panels.plus(first * into * WIDTH * FLOAT_BYTES),
                    rows,
                    into,
                ),
                f"{name}.weight turned, rows {row} to {row + rows}",
                0,
                2 * FLOAT_BYTES * rows * into,
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
            OldOperation(
                copied_panels_entry,
                (
                    weight.plus(first * FLOAT_BYTES),
                    panels.plus(first * out * FLOAT_BYTES),
                    out,
                    columns,
                    into * FLOAT_BYTES,
                ),
                f"{name}.weight, columns {first} to {first + columns}",
                0,
                2 * FLOAT_BYTES * out * columns,
            )
        )
    lowering.add(
        rows_product_entry,
        (
            d_outputs.pointer,
            panels,
            d_inputs.pointer,
            d_outputs.stride * FLOAT_BYTES,
            out * WIDTH * FLOAT_BYTES,
            d_inputs.stride * FLOAT_BYTES,
            memory.tile,
            into,
            out,
            AT_ONCE,
        ),
        f"{name} d_inputs",
        2 * out * into * memory.tile,
        FLOAT_BYTES * (out * into + (out + into) * memory.tile),
    )
    return d_inputs


def _add_pieces(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    out, into = layer.out_features, layer.in_features
    capacity = lowering.memory.capacity
    by_unit = unit.suits_matrix_unit(layer)
    gradient = unit.weight_gradient if by_unit else _weight_gradient
    for block in blocks(out, into):
        first, rows, left, columns = block
        lowering.pieces.append(
            Piece(
                f"{name}.weight",
                first * into + left,
                rows,
                columns,
                into,
                gradient(lowering, name, inputs, d_outputs, block),
                cost=2 * rows * columns * capacity,
            )
        )
    whole = d_outputs.pointer.whole()

    def bias_gradient(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            OldOperation(
                column_sums_entry,
                (whole, place, capacity, out, d_outputs.stride),
                f"{name} d_bias",
                out * capacity,
                FLOAT_BYTES * out * capacity,
            )
        ]

    lowering.pieces.append(
        Piece(f"{name}.bias", 0, 1, out, out, bias_gradient, cost=out * capacity)
    )


def _weight_gradient(
    lowering: Lowering, name: str, inputs: Tensor, d_outputs: Tensor, block: Block
) -> Make:
    first, rows, left, columns = block
    capacity = lowering.memory.capacity
    d_columns = d_outputs.pointer.whole().plus(first * FLOAT_BYTES)
    images = inputs.pointer.whole().plus(left * FLOAT_BYTES)
    packed = capacity * (-(-rows // ROWS) * ROWS + WIDTH) + LANES
    scratch = lowering.scratch("rows side by side", packed)

    def make(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            OldOperation(
                rows_gradient_entry,
                (
                    d_columns,
                    images,
                    place,
                    scratch,
                    d_outputs.stride * FLOAT_BYTES,
                    inputs.stride * FLOAT_BYTES,
                    stride * FLOAT_BYTES,
                    *(rows, columns, capacity),
                ),
                f"{name} d_weight, rows {first} to {first + rows}",
                2 * rows * columns * capacity,
                FLOAT_BYTES * (rows * columns + (rows + columns) * capacity),
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
