"""A matrix product over panels of 32 examples, in vector registers.

Winograd's weight gradients consist of it: the sum over the batch stays in registers,
however many panels a batch has.
"""

from handgrad.engine.kernels.machine import INT64, emitted
from handgrad.engine.kernels.registers import (
    VECTOR_BYTES,
    Loop,
    constant,
    load,
    load_vector,
    moved,
    outer_sums,
    splat,
    store_vector,
    zeros,
)

PANEL = 32  # examples, and columns: two registers
PANEL_BYTES = 4 * PANEL


@emitted(literals=3)
def panels_block(
    builder, rows, vectors, adds, left, panels, count, right, out, out_row
):
    """out[i, v] = sum over panels and k of left[i, k] * right[k, v].

    If `adds` is 1 the sum continues from `out`, with the same bits as one sum over all
    panels.

    Arguments (addresses in bytes; rows and steps of a panel are 32 floats)
        left, panels, count  first panel; pairs of which the first is a panel's offset
        right                one panel after the other
        out, out_row         first vector; from row to row
    """
    places = [moved(builder, out, out_row, i) for i in range(rows)]
    across = range(vectors)
    first = [
        load_vector(builder, row, v * VECTOR_BYTES) if adds else zeros()
        for row in places
        for v in across
    ]
    panel_loop = Loop(builder, count, first)
    loop = Loop(builder, constant(PANEL), panel_loop.sums)
    entry = moved(builder, panels, constant(16), panel_loop.index)
    left_panel = builder.add(left, load(builder, entry, 0, INT64))
    left_at = moved(builder, left_panel, constant(4), loop.index)
    panel_bytes = constant(PANEL * PANEL_BYTES)
    right_panel = moved(builder, right, panel_bytes, panel_loop.index)
    right_at = moved(builder, right_panel, constant(PANEL_BYTES), loop.index)
    values = [load_vector(builder, right_at, v * VECTOR_BYTES) for v in across]
    factors = (
        splat(builder, load(builder, left_at, PANEL_BYTES * i)) for i in range(rows)
    )
    sums = outer_sums(builder, loop.sums, factors, values)
    panel_loop.end(loop.end(sums))
    for i, row in enumerate(places):
        for v in across:
            store_vector(builder, sums[i * vectors + v], row, v * VECTOR_BYTES)
