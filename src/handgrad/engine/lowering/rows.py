"""Linear layers of perceptrons, with an example a row: products by the engine's blocks.

The rows of an activation are the left side of the next product without a copy; the
weight is packed into panels once a step, for the forward pass and for d_inputs.
"""

from abc import abstractmethod

from handgrad.engine.kernels import rows as kernels
from handgrad.engine.kernels.product_blocks import ROWS, WIDTH
from handgrad.engine.kernels.registers import LANES
from handgrad.engine.lowering.linear_products import (
    AT_ONCE,
    Bounds,
    LinearProducts,
    at_once,
    panel_bytes,
    product_of,
)
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation
from handgrad.engine.program import Phase, Task
from handgrad.layers import Linear

COLUMNS_AT_ONCE = 4 * WIDTH  # that one task packs
LARGE_WEIGHT = 1 << 21  # bytes
KEPT_INPUTS = 3 << 19  # bytes of inputs that stay in a core's own cache
BLOCKS = 4  # of rows of a weight's gradient
FEWEST_ROWS = 48
BLOCK_BYTES = 850_000  # of a gradient that stays in a core's own cache until its use


def fills_registers(layer: Linear) -> bool:
    """Whether a row of its inputs is a number of whole registers."""
    return layer.in_features % LANES == 0


class RowsProducts(LinearProducts):
    """Products with an example a row."""

    width: int  # of a block of outputs

    @abstractmethod
    def tile_product(self, outputs: Tensor) -> None:
        """Add outputs = inputs @ weight.T of each tile, by a packed weight."""

    @abstractmethod
    def batch_product(self, outputs: Tensor, first: int, outs: int) -> Operation:
        """Some outputs of the whole batch; packs their weights itself."""

    def forward(self) -> Tensor:
        """outputs = inputs @ weight.T.

        Packing a large first weight takes memory longer than the processor: then a task
        computes some outputs of the whole batch, and one core reads each weight once.
        """
        outputs = self.memory.rows_matrix(self.name, "activations", (self.out,))
        if not self._is_large():
            self.tile_product(outputs)
            return outputs
        step = -(-self.out // (self.width * self.memory.workers)) * self.width
        tasks = [
            Task([self.batch_product(outputs, first, min(step, self.out - first))])
            for first in range(0, self.out, step)
        ]
        self.lowering.barrier(f"{self.name} inputs")
        self.lowering.phases.append(Phase(f"{self.name} forward", tasks))
        return outputs

    def _is_large(self) -> bool:
        """Whether a first layer's weight fills more than the cores' own caches."""
        return bool(
            self.lowering.training
            and not self.node.needs_d_inputs
            and self.out * self.into * FLOAT_BYTES >= LARGE_WEIGHT
            and self.out % LANES == 0
            and self.memory.capacity * AT_ONCE * FLOAT_BYTES <= KEPT_INPUTS
        )

    def d_bias(self, d_outputs: Tensor, place: Pointer, stride: int) -> list[Operation]:
        operation = Operation(
            kernels.column_sums,
            f"{self.name} d_bias",
            values=d_outputs.pointer.whole(),
            sums=place,
            rows=self.memory.capacity,
            columns=self.out,
            stride=d_outputs.stride,
        )
        return [operation]

    def blocks(self) -> list[Bounds]:
        """Blocks of rows and columns that stay in a core's own cache."""
        return blocks(self.out, self.into)


class PanelProducts(RowsProducts):
    """Products in vector registers, by panels of a weight's columns."""

    width = WIDTH

    def tile_product(self, outputs: Tensor) -> None:
        panels = self._panels("panels", self.out, self.into)
        for first in range(0, self.out, COLUMNS_AT_ONCE):
            outs = min(self.out - first, COLUMNS_AT_ONCE)
            self.lowering.add_preparation(
                Operation(
                    kernels.transpose_panels,
                    f"{self.name}.weight transposed, rows {first} to {first + outs}",
                    weight=self.weight.plus(first * self.into * FLOAT_BYTES),
                    panels=panels.plus(first * self.into * FLOAT_BYTES),
                    outs=outs,
                    inputs=self.into,
                )
            )
        self._add_product("forward", (self.inputs, panels, outputs), self.into)

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        name, shape = f"d_{self.name}", self.inputs.shape
        d_inputs = self.memory.rows_matrix(name, "gradients", shape)
        panels = self._panels("rows", self.into, self.out)
        for first in range(0, self.into, COLUMNS_AT_ONCE):
            columns = min(self.into - first, COLUMNS_AT_ONCE)
            self.lowering.add_preparation(
                Operation(
                    kernels.copy_panels,
                    f"{self.name}.weight, columns {first} to {first + columns}",
                    weight=self.weight.plus(first * FLOAT_BYTES),
                    panels=panels.plus(first * self.out * FLOAT_BYTES),
                    rows=self.out,
                    columns=columns,
                    row=self.into * FLOAT_BYTES,
                )
            )
        self._add_product("d_inputs", (d_outputs, panels, d_inputs), self.out)
        return d_inputs

    def _panels(self, kind: str, columns: int, count: int) -> Pointer:
        """Room for panels of `columns`; they are packed before each step."""
        size = -(-columns // WIDTH) * WIDTH * count
        return self.memory.shared(f"{self.name}.weight {kind}", "packed weights", size)

    def _add_product(
        self, what: str, sides: tuple[Tensor, Pointer, Tensor], count: int
    ) -> None:
        left, panels, outputs = sides
        self.lowering.add(
            kernels.rows_product,
            f"{self.name} {what}",
            left=left.pointer,
            right=panels,
            outputs=outputs.pointer,
            left_row=left.stride * FLOAT_BYTES,
            panel=count * WIDTH * FLOAT_BYTES,
            row=outputs.stride * FLOAT_BYTES,
            rows=self.memory.tile,
            columns=-(-outputs.rows // LANES) * LANES,
            count=count,
            together=at_once(),
        )

    def batch_product(self, outputs: Tensor, first: int, outs: int) -> Operation:
        inputs, weight = self.inputs, self.weight.plus(first * self.into * FLOAT_BYTES)
        return product_of(
            f"{self.name} forward, outputs {first} to {first + outs}",
            (inputs.pointer.whole(), inputs.stride, False),
            (weight, self.into, True),
            (outputs.pointer.whole().plus(first * FLOAT_BYTES), outputs.stride),
            (self.memory.capacity, outs, self.into),
            self.lowering.scratch("panel", panel_bytes()),
        )

    def d_weight(
        self, d_outputs: Tensor, bounds: Bounds, place: Pointer, stride: int
    ) -> list[Operation]:
        first, rows, left, columns = bounds
        capacity = self.memory.capacity
        packed = capacity * (-(-rows // ROWS) * ROWS + WIDTH) + LANES
        operation = Operation(
            kernels.rows_gradient,
            f"{self.name} d_weight, rows {first} to {first + rows}",
            d_outputs=d_outputs.pointer.whole().plus(first * FLOAT_BYTES),
            inputs=self.inputs.pointer.whole().plus(left * FLOAT_BYTES),
            d_weight=place,
            packed=self.lowering.scratch("rows side by side", packed * FLOAT_BYTES),
            d_row=d_outputs.stride * FLOAT_BYTES,
            in_row=self.inputs.stride * FLOAT_BYTES,
            row=stride * FLOAT_BYTES,
            rows=rows,
            columns=columns,
            count=capacity,
            together=at_once(),
        )
        return [operation]


def blocks(out: int, into: int) -> list[Bounds]:
    """Blocks of a weight of this shape."""
    step = max(FEWEST_ROWS, -(-out // (BLOCKS * ROWS)) * ROWS)
    parts = -(-min(step, out) * into * FLOAT_BYTES // BLOCK_BYTES)
    width = -(-into // (parts * WIDTH)) * WIDTH
    return [
        (first, min(step, out - first), left, min(width, into - left))
        for first in range(0, out, step)
        for left in range(0, into, width)
    ]
