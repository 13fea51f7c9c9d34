"""Products of perceptrons through the matrix unit, where the processor has one.

The same products as in `rows`, an example a row. Weights are cut into parts and
packed once a step; a large first weight beside its product, so that it is read once.
"""

from collections.abc import Sequence

from handgrad.engine import processor
from handgrad.engine.gradient_blocks import Block, Make
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.amx_products import (
    TOGETHER,
    matrix_product,
    pack_right,
    product_of_packed,
    scratch_bytes,
)
from handgrad.engine.kernels.bfloat16x3 import TURN_BYTES, packed_bytes
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.memory import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Task
from handgrad.layers import Linear

COLUMNS_AT_ONCE = 4 * SIDE  # that one task packs
MANY_ROWS = 256  # more take fewer k at once, to stay in a core's own cache


def suits_matrix_unit(layer: Linear) -> bool:
    """Whether a layer's products fill the unit's registers."""
    return (
        min(layer.out_features, layer.in_features) >= SIDE
        and processor.has_matrix_unit()
    )


def add_products(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    """outputs = inputs @ weight.T, of one tile."""
    out, into = layer.out_features, layer.in_features
    packed = _packed(lowering, name, (out, into), turned=True)
    _add_product(lowering, f"{name} forward", (inputs, packed, outputs), (out, into))


def add_d_inputs(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, d_outputs: Tensor
) -> Tensor:
    """d_inputs = d_outputs @ weight, of one tile."""
    out, into = layer.out_features, layer.in_features
    d_inputs = lowering.memory.rows_matrix(f"d_{name}", "gradients", inputs.shape)
    packed = _packed(lowering, name, (out, into), turned=False)
    sides = (d_outputs, packed, d_inputs)
    _add_product(lowering, f"{name} d_inputs", sides, (into, out))
    return d_inputs


def _add_product(
    lowering: Lowering,
    name: str,
    sides: tuple[Tensor, Pointer, Tensor],
    sizes: tuple[int, int],
) -> None:
    left, packed, outputs = sides
    tile, (columns, count) = lowering.memory.tile, sizes
    scratch = lowering.scratch("parts", scratch_bytes(tile, is_packed=True))
    lowering.add(
        product_of_packed,
        name,
        left=left.pointer,
        right=packed,
        outputs=outputs.pointer,
        parts=scratch,
        left_row=left.stride * FLOAT_BYTES,
        row=outputs.stride * FLOAT_BYTES,
        rows=tile,
        columns=columns,
        count=count,
    )


def _packed(
    lowering: Lowering, name: str, shape: tuple[int, int], *, turned: bool
) -> Pointer:
    """A weight, or its transpose, in parts; made anew before each step."""
    out, into = shape
    columns, count = (out, into) if turned else (into, out)
    size = packed_bytes(columns, count)
    kind = "turned" if turned else "parts"
    packed = lowering.memory.shared(
        f"{name}.weight {kind}", "packed weights", size // FLOAT_BYTES
    )
    weight = lowering.store.pointer(f"{name}.weight")
    scratch = lowering.scratch("parts", TURN_BYTES)
    for first in range(0, columns, COLUMNS_AT_ONCE):
        here = min(COLUMNS_AT_ONCE, columns - first)
        step = into if turned else 1
        lowering.beforehand(
            Operation(
                pack_right,
                f"{name}.weight {kind}, columns {first} to {first + here}",
                matrix=weight.plus(first * step * FLOAT_BYTES),
                packed=packed,
                turned=scratch,
                stride=into * FLOAT_BYTES,
                is_along=turned,
                columns=here,
                count=count,
                first=first,
                all_columns=columns,
            )
        )
    return packed


def add_whole_products(
    lowering: Lowering, name: str, layer: Linear, inputs: Tensor, outputs: Tensor
) -> None:
    """The whole batch by some outputs a task: each weight is read once, by one core."""
    memory, out, into = lowering.memory, layer.out_features, layer.in_features
    step = -(-out // (SIDE * memory.workers)) * SIDE
    weight = lowering.store.pointer(f"{name}.weight")
    tasks = []
    for first in range(0, out, step):
        outs = min(step, out - first)
        operation = _product(
            lowering,
            f"{name} forward, outputs {first} to {first + outs}",
            (inputs.pointer.whole(), inputs.stride, True),
            (weight.plus(first * into * FLOAT_BYTES), into, True),
            (outputs.pointer.whole().plus(first * FLOAT_BYTES), outputs.stride),
            (memory.capacity, outs, into),
        )
        tasks.append(Task([operation]))
    lowering.barrier(f"{name} inputs")
    lowering.phases.append(Phase(f"{name} forward", tasks))


def weight_gradient(
    lowering: Lowering,
    name: str,
    inputs: Tensor,
    d_outputs: Tensor,
    block: Block,
) -> Make:
    """d_weight = d_outputs.T @ inputs: a block of it, over the whole batch."""
    first, rows, left, columns = block

    def make(place: Pointer, stride: int) -> Sequence[Operation]:
        d_columns = d_outputs.pointer.whole().plus(first * FLOAT_BYTES)
        some = inputs.pointer.whole().plus(left * FLOAT_BYTES)
        operation = _product(
            lowering,
            f"{name} d_weight, rows {first} to {first + rows}",
            (d_columns, d_outputs.stride, False),
            (some, inputs.stride, False),
            (place, stride),
            (rows, columns, lowering.memory.capacity),
        )
        return [operation]

    return make


def _product(
    lowering: Lowering,
    stands_for: str,
    left: tuple[Pointer, int, bool],
    right: tuple[Pointer, int, bool],
    outputs: tuple[Pointer, int],
    sizes: tuple[int, int, int],
) -> Operation:
    """outputs = left @ right, both packed on the way.

    A side is where it begins, its stride, and whether the inner sum runs along its
    rows. Sizes: rows, columns, and the length of the inner sum.
    """
    rows, columns, count = sizes
    together = TOGETHER if rows <= MANY_ROWS else TOGETHER // 2
    scratch = lowering.scratch("parts", scratch_bytes(rows, together, is_packed=False))
    return Operation(
        matrix_product,
        stands_for,
        left=left[0],
        right=right[0],
        outputs=outputs[0],
        parts=scratch,
        left_stride=left[1] * FLOAT_BYTES,
        right_stride=right[1] * FLOAT_BYTES,
        row=outputs[1] * FLOAT_BYTES,
        left_along=left[2],
        right_along=right[2],
        rows=rows,
        columns=columns,
        count=count,
        together=together,
    )
