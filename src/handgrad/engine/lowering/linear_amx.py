"""Linear layers of perceptrons through the matrix unit (Intel AMX), an example a row.

Weights are split into bfloat16 parts and packed once a step; those of a large first
layer beside their product, so that each is read once.
"""

from handgrad.engine import processor
from handgrad.engine.kernels import amx_products
from handgrad.engine.kernels.amx import SIDE
from handgrad.engine.kernels.bfloat16x3 import TRANSPOSE_BYTES, packed_bytes
from handgrad.engine.lowering.linear_products import Bounds, Matrix
from handgrad.engine.lowering.rows import RowsProducts
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.layers import Linear

COLUMNS_AT_ONCE = 4 * SIDE  # that one task packs
MANY_ROWS = 256  # more take fewer terms at once, to stay in a core's own cache


def suits_amx(layer: Linear) -> bool:
    """Whether a layer's products fill the unit's registers."""
    fits = min(layer.out_features, layer.in_features) >= SIDE
    return fits and processor.has_matrix_unit()


class AmxProducts(RowsProducts):
    """Products through the matrix unit, of numbers in three bfloat16 parts."""

    width = SIDE

    def tile_product(self, outputs: Tensor) -> None:
        packed = self._packed(transposed=True)
        self._add_product("forward", (self.inputs, packed, outputs))

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        name, shape = f"d_{self.name}", self.inputs.shape
        d_inputs = self.memory.rows_matrix(name, "gradients", shape)
        packed = self._packed(transposed=False)
        self._add_product("d_inputs", (d_outputs, packed, d_inputs))
        return d_inputs

    def _add_product(self, what: str, sides: tuple[Tensor, Pointer, Tensor]) -> None:
        left, packed, outputs = sides
        size = amx_products.scratch_bytes(self.memory.tile, is_packed=True)
        self.lowering.add(
            amx_products.product_of_packed,
            f"{self.name} {what}",
            left=left.pointer,
            right=packed,
            outputs=outputs.pointer,
            parts=self.lowering.scratch("parts", size),
            left_row=left.stride * FLOAT_BYTES,
            row=outputs.stride * FLOAT_BYTES,
            rows=self.memory.tile,
            columns=outputs.rows,
            count=left.rows,
        )

    def _packed(self, *, transposed: bool) -> Pointer:
        """The weight, or its transpose, in parts; packed before each step."""
        columns, count = (self.out, self.into) if transposed else (self.into, self.out)
        name = f"{self.name}.weight {'transposed' if transposed else 'parts'}"
        size = packed_bytes(columns, count) // FLOAT_BYTES
        packed = self.memory.shared(name, "packed weights", size)
        scratch = self.lowering.scratch("parts", TRANSPOSE_BYTES)
        for first in range(0, columns, COLUMNS_AT_ONCE):
            here = min(COLUMNS_AT_ONCE, columns - first)
            step = self.into if transposed else 1
            self.lowering.add_preparation(
                Operation(
                    amx_products.pack_right,
                    f"{name}, columns {first} to {first + here}",
                    matrix=self.weight.plus(first * step * FLOAT_BYTES),
                    packed=packed,
                    transposed=scratch,
                    stride=self.into * FLOAT_BYTES,
                    is_along=transposed,
                    columns=here,
                    count=count,
                    first=first,
                    all_columns=columns,
                )
            )
        return packed

    def batch_product(self, outputs: Tensor, first: int, outs: int) -> Operation:
        weight = self.weight.plus(first * self.into * FLOAT_BYTES)
        return self._product(
            f"forward, outputs {first} to {first + outs}",
            (self.inputs.pointer.whole(), self.inputs.stride, True),
            (weight, self.into, True),
            (outputs.pointer.whole().plus(first * FLOAT_BYTES), outputs.stride),
            (self.memory.capacity, outs, self.into),
        )

    def d_weight(
        self, d_outputs: Tensor, bounds: Bounds, place: Pointer, stride: int
    ) -> list[Operation]:
        first, rows, left, columns = bounds
        d_columns = d_outputs.pointer.whole().plus(first * FLOAT_BYTES)
        some = self.inputs.pointer.whole().plus(left * FLOAT_BYTES)
        operation = self._product(
            f"d_weight, rows {first} to {first + rows}",
            (d_columns, d_outputs.stride, False),
            (some, self.inputs.stride, False),
            (place, stride),
            (rows, columns, self.memory.capacity),
        )
        return [operation]

    def _product(
        self,
        what: str,
        left: Matrix,
        right: Matrix,
        outputs: tuple[Pointer, int],
        sizes: tuple[int, int, int],
    ) -> Operation:
        """outputs = left @ right, both packed by the kernel.

        Of a side the flag says whether the terms of a sum lie along its rows. Sizes:
        rows, columns, and terms of each sum.
        """
        rows, columns, count = sizes
        together = (
            amx_products.TOGETHER if rows <= MANY_ROWS else amx_products.TOGETHER // 2
        )
        size = amx_products.scratch_bytes(rows, together, is_packed=False)
        return Operation(
            amx_products.matrix_product,
            f"{self.name} {what}",
            left=left[0],
            right=right[0],
            outputs=outputs[0],
            parts=self.lowering.scratch("parts", size),
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
