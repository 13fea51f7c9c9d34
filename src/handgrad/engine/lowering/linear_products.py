"""The three matrix products of a linear layer, and those of any sizes.

The gradient of a weight is a sum over the whole batch. When all tiles are done, it is
one product for each block of rows; the same task then updates those rows.
"""

from abc import ABC, abstractmethod
from functools import partial
from typing import TypeAlias

from handgrad.engine import processor
from handgrad.engine.gradient_blocks import GradientBlock, bias_sums, flat_block
from handgrad.engine.kernels.products import packed_floats, product
from handgrad.engine.lowering.copies import as_matrix
from handgrad.engine.lowering.lowering import Lowering
from handgrad.engine.lowering.node import Node
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer, Tensor
from handgrad.engine.operation import Operation

TASK_OPERATIONS = 12_000_000  # of one block of a weight's gradient
FEWEST_ROWS, MOST_BLOCKS = 60, 4  # a product packs its right side once a block
SKINNY = 32
AT_ONCE, AT_ONCE_SHORT = 768, 128  # terms whose rows and panels stay in a core's cache
Bounds: TypeAlias = tuple[int, int, int, int]  # first row, rows, first column, columns
# pointer, stride in floats, and whether the matrix is transposed
Matrix: TypeAlias = tuple[Pointer, int, bool]


def at_once() -> int:
    """How many terms of a sum are added up before the next: it changes no bit.

    With registers of 8 floats a block loads half as much for each term, twice as often:
    from the first cache, then.
    """
    return AT_ONCE if processor.has_wide_registers() else AT_ONCE_SHORT


def panel_bytes() -> int:
    """The scratch of a product, for each worker."""
    return int(packed_floats(at_once())) * FLOAT_BYTES


class LinearProducts(ABC):
    """The products of one linear layer, forward and backward.

    Equations (an example a column)
        outputs  = weight @ inputs
        d_inputs = weight.T @ d_outputs
        d_weight = d_outputs @ inputs.T
        d_bias   = sum of d_outputs over the batch
    """

    def __init__(self, lowering: Lowering, node: Node, inputs: Tensor) -> None:
        self.lowering, self.memory, self.node = lowering, lowering.memory, node
        self.name, self.inputs = node.name, inputs
        self.out, self.into = node.layer.out_features, node.layer.in_features
        self.weight = lowering.store.pointer(f"{node.name}.weight")

    @abstractmethod
    def forward(self) -> Tensor:
        """Add the product of each tile; returns the outputs, without the bias."""

    @abstractmethod
    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        """Add the gradient of the inputs of each tile."""

    @abstractmethod
    def blocks(self) -> list[Bounds]:
        """Blocks of the weight: fixed by sizes alone, so the workers change no bit."""

    @abstractmethod
    def d_weight(
        self, d_outputs: Tensor, bounds: Bounds, place: Pointer, stride: int
    ) -> list[Operation]:
        """The gradient of a block of the weight, over the whole batch."""

    @abstractmethod
    def d_bias(self, d_outputs: Tensor, place: Pointer, stride: int) -> list[Operation]:
        """The gradient of the bias, over the whole batch."""

    def backward(self, d_outputs: Tensor) -> Tensor | None:
        """Add the blocks of weight and bias, and d_inputs where it is needed."""
        if not self.lowering.by_rows:
            d_outputs = as_matrix(self.lowering, f"d_{self.name} outputs", d_outputs)
        capacity = self.memory.capacity
        for bounds in self.blocks():
            first, rows, left, columns = bounds
            place = (first * self.into + left, rows, columns, self.into)
            compute = partial(self.d_weight, d_outputs, bounds)
            cost = 2 * rows * columns * capacity
            block = GradientBlock(f"{self.name}.weight", *place, compute, cost=cost)
            self.lowering.blocks.append(block)
        if self.node.layer.bias is not None:
            self._add_bias_block(d_outputs)
        self.memory.keep(d_outputs)  # the blocks read it when all tiles are done
        return self.d_inputs(d_outputs) if self.node.needs_d_inputs else None

    def _add_bias_block(self, d_outputs: Tensor) -> None:
        capacity = self.memory.capacity
        source, cost = partial(self.d_bias, d_outputs), self.out * capacity
        name = f"{self.name}.bias"
        bias = flat_block(name, 0, self.out, compute=source, cost=cost)
        self.lowering.blocks.append(bias)


class ColumnProducts(LinearProducts):
    """Products with an example a column, of any sizes."""

    def forward(self) -> Tensor:
        if self.lowering.training and not self.inputs.is_batch_first:
            name = f"{self.name} inputs"  # d_weight reads those of all tiles
            self.inputs = as_matrix(self.lowering, name, self.inputs)
        inputs = self.inputs
        outputs = self.memory.matrix(self.name, "activations", (self.out,))
        operation = product_of(
            f"{self.name} forward",
            (self.weight, self.into, False),
            (inputs.pointer, inputs.stride, inputs.is_batch_first),
            (outputs.pointer, outputs.stride),
            (self.out, self.memory.tile, self.into),
            self._panel(),
        )
        self.lowering.operations.append(operation)
        return outputs

    def d_inputs(self, d_outputs: Tensor) -> Tensor:
        name, shape = f"d_{self.name}", self.inputs.shape
        d_inputs = self.memory.matrix(name, "gradients", shape)
        operation = product_of(
            f"{self.name} d_inputs",
            (self.weight, self.into, True),
            (d_outputs.pointer, d_outputs.stride, False),
            (d_inputs.pointer, d_inputs.stride),
            (self.into, self.memory.tile, self.out),
            self._panel(),
        )
        self.lowering.operations.append(operation)
        return d_inputs

    def d_weight(
        self, d_outputs: Tensor, bounds: Bounds, place: Pointer, stride: int
    ) -> list[Operation]:
        (first, rows, left, columns), inputs = bounds, self.inputs
        some = d_outputs.pointer.whole().plus(first * d_outputs.stride * FLOAT_BYTES)
        step = 1 if inputs.is_batch_first else inputs.stride
        right = inputs.pointer.whole().plus(left * step * FLOAT_BYTES)
        operation = product_of(
            f"{self.name} d_weight, rows {first} to {first + rows}",
            (some, d_outputs.stride, False),
            (right, inputs.stride, not inputs.is_batch_first),
            (place, stride),
            (rows, columns, self.memory.capacity),
            self._panel(),
        )
        return [operation]

    def d_bias(self, d_outputs: Tensor, place: Pointer, stride: int) -> list[Operation]:
        sizes = (self.out, self.memory.capacity, d_outputs.stride)
        return bias_sums(self.name, d_outputs.pointer.whole(), place, sizes)

    def _panel(self) -> Pointer:
        return self.lowering.scratch("panel", panel_bytes())

    def blocks(self) -> list[Bounds]:
        """Blocks of rows, or of columns where there are few rows."""
        return blocks(self.out, self.into, self.memory.capacity)


def product_of(
    stands_for: str,
    left: Matrix,
    right: Matrix,
    outputs: tuple[Pointer, int],
    sizes: tuple[int, int, int],
    packed: Pointer,
) -> Operation:
    """outputs = left @ right; sizes: rows, columns, and terms of each sum.

    `packed` is each worker's scratch of `panel_bytes()`.
    """
    return Operation(
        product,
        stands_for,
        left=left[0],
        right=right[0],
        outputs=outputs[0],
        packed=packed,
        rows=sizes[0],
        columns=sizes[1],
        inner=sizes[2],
        left_stride=left[1],
        right_stride=right[1],
        out_stride=outputs[1],
        together=at_once(),
        left_transposed=left[2],
        right_transposed=right[2],
    )


def blocks(out: int, into: int, capacity: int) -> list[Bounds]:
    """Blocks of a weight of this shape, for a batch of `capacity`."""
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
