"""A matrix product over panels of 32 examples, in whole vector registers.

Winograd's weight gradients are made of it: the sum over the batch never leaves the
registers, however many panels a batch has.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from handgrad.engine.kernels.machine import INT64
from handgrad.engine.kernels.registers import (
    LANES,
    VECTOR,
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    moved,
    multiply_add,
    splat,
    store_vector,
)

PANEL = 32  # examples, and columns: two registers
PANEL_BYTES = 4 * PANEL


def panels_block_of(
    builder: Any, rows: int, vectors: int, arguments: Any, *, goes_on: bool = False
) -> None:
    """Emit: outputs[i, v] = sum over panels and k of left[i, k] * right[k, v].

    With `goes_on` the sum goes on where an earlier one stopped: with the same bits as
    one sum over all panels.

    Arguments (addresses in bytes; rows and steps of a panel are 32 floats)
        left, panels, count  first panel of rows; pairs of which the first is the offset
        right                a panel after the other
        outputs, output_row  first vector; from row to row
    """
    (left, panels, count, right, out, out_row) = arguments
    first = [ir.Constant(VECTOR, [0.0] * LANES)] * (rows * vectors)
    places = [moved(builder, out, out_row, i) for i in range(rows)]
    if goes_on:
        first = [
            load_vector(builder, row, v * VECTOR_BYTES)
            for row in places
            for v in range(vectors)
        ]
    panel_loop = Loop(builder, count, first)
    loop = Loop(builder, constant(PANEL), panel_loop.sums)
    entry = moved(builder, panels, constant(16), panel_loop.index)
    left_panel = builder.add(left, load(builder, entry, 0, INT64))
    left_at = moved(builder, left_panel, constant(4), loop.index)
    panel_bytes = constant(PANEL * PANEL_BYTES)
    right_panel = moved(builder, right, panel_bytes, panel_loop.index)
    right_at = moved(builder, right_panel, constant(PANEL_BYTES), loop.index)
    values = [load_vector(builder, right_at, v * VECTOR_BYTES) for v in range(vectors)]
    sums = []
    for i in range(rows):
        factor = splat(builder, load(builder, left_at, i * PANEL_BYTES))
        for v in range(vectors):
            before = loop.sums[i * vectors + v]
            sums.append(multiply_add(builder, factor, values[v], before))
    panel_loop.end(loop.end(sums))
    for i, row in enumerate(places):
        for v in range(vectors):
            store_vector(builder, sums[i * vectors + v], row, v * VECTOR_BYTES)


@intrinsic(prefer_literal=True)
def panels_block(
    typing_context,
    rows,
    vectors,
    goes_on,
    left,
    panels,
    count,
    right,
    outputs,
    output_row,
):
    """A block of `rows` x `vectors` of a product over panels; see `panels_block_of`."""
    first, second = rows.literal_value, vectors.literal_value
    is_later = bool(goes_on.literal_value)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        panels_block_of(builder, first, second, values[3:], goes_on=is_later)
        return context.get_dummy_value()

    return types.void(rows, vectors, goes_on, *[types.int64] * 6), generate
