"""Perceptrons, an example a row: all products by the engine's own blocks.

An activation's rows are the left side of the next product as they lie; the weight goes
into panels for the forward pass, and for the gradient of the inputs, once a step.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from handgrad.engine.kernels.registers import LANES
from handgrad.engine.kernels.rows import (
    ROWS,
    WIDTH,
    column_sums_entry,
    copied_panels_entry,
    panels_entry,
    rows_product_entry,
)
from handgrad.engine.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.pieces import Piece
from handgrad.engine.program import Operation
from handgrad.layers import Linear

PANELS_AT_ONCE = 4  # in one task
BLOCKS = 4  # of a weight's gradient
FEWEST_ROWS = 48
Make: TypeAlias = Callable[[Pointer, int], Sequence[Operation]]


def lower_linear_by_rows(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor
) -> Tensor:
    """outputs = inputs @ weight.T, without the bias."""
    memory, tile = lowering.memory, lowering.memory.tile
    out, into = layer.out_features, layer.in_features
    outputs = memory.rows_matrix(name, "activations", (out,))
    wide = -(-out // LANES) * LANES
    lowering.add(
        rows_product_entry,
        (
            inputs.pointer,
            _panels(lowering, name, layer),
            outputs.pointer,
            inputs.stride * FLOAT_BYTES,
            FLOAT_BYTES,
            WIDTH * FLOAT_BYTES,
            into * WIDTH * FLOAT_BYTES,
            outputs.stride * FLOAT_BYTES,
            tile,
            wide,
            into,
        ),
        f"{name} forward",
        2 * out * into * tile,
        FLOAT_BYTES * (out * into + (out + into) * tile),
    )
    needs_d_inputs = lowering.needs_d_inputs

    def backward(d_outputs: Tensor) -> Tensor | None:
        _add_pieces(lowering, name, layer, inputs, d_outputs)
        if not needs_d_inputs:
            return None
        return _add_d_inputs(lowering, name, layer, inputs, d_outputs)

    lowering.backwards.append(backward)
    return outputs


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
        lowering.prepare.append(
            Operation(
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
    lowering.prepare.append(
        Operation(
            copied_panels_entry,
            (weight, panels, out, into),
            f"{name}.weight by panels",
            0,
            2 * FLOAT_BYTES * out * into,
        )
    )
    lowering.add(
        rows_product_entry,
        (
            d_outputs.pointer,
            panels,
            d_inputs.pointer,
            d_outputs.stride * FLOAT_BYTES,
            FLOAT_BYTES,
            WIDTH * FLOAT_BYTES,
            out * WIDTH * FLOAT_BYTES,
            d_inputs.stride * FLOAT_BYTES,
            memory.tile,
            into,
            out,
        ),
        f"{name} d_inputs",
        2 * out * into * memory.tile,
        FLOAT_BYTES * (out * into + (out + into) * memory.tile),
    )
    return d_inputs


def _add_pieces(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> None:
    out, into, capacity = (
        layer.out_features,
        layer.in_features,
        lowering.memory.capacity,
    )
    step = max(FEWEST_ROWS, -(-out // (BLOCKS * ROWS)) * ROWS)
    for first in range(0, out, step):
        rows = min(step, out - first)
        make = _weight_gradient(lowering, name, inputs, d_outputs, (first, rows))
        lowering.pieces.append(
            Piece(
                f"{name}.weight",
                first * into,
                rows,
                into,
                into,
                make,
                cost=2 * rows * into * capacity,
            )
        )
    whole = Pointer(d_outputs.pointer.base)

    def bias_gradient(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            Operation(
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
    lowering: Lowering,
    name: str,
    inputs: Tensor,
    d_outputs: Tensor,
    block: tuple[int, int],
) -> Make:
    first, rows = block
    into, capacity = inputs.rows, lowering.memory.capacity
    left = Pointer(d_outputs.pointer.base + first * FLOAT_BYTES)

    def make(place: Pointer, stride: int) -> Sequence[Operation]:
        return [
            Operation(
                rows_product_entry,
                (
                    left,
                    Pointer(inputs.pointer.base),
                    place,
                    FLOAT_BYTES,
                    d_outputs.stride * FLOAT_BYTES,
                    inputs.stride * FLOAT_BYTES,
                    WIDTH * FLOAT_BYTES,
                    stride * FLOAT_BYTES,
                    rows,
                    into,
                    capacity,
                ),
                f"{name} d_weight, rows {first} to {first + rows}",
                2 * rows * into * capacity,
                FLOAT_BYTES * (rows * into + (rows + into) * capacity),
            )
        ]

    return make
