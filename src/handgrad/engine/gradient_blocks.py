"""Blocks of parameters: one task computes a block's gradient and updates its values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from handgrad.engine.kernels.products import clear, row_sums
from handgrad.engine.memory_plan import FLOAT_BYTES, NOWHERE, Pointer, Tensor
from handgrad.engine.operation import Operation

ROWS_FLOATS = 1 << 14  # of a weight that one task updates
# computes a gradient into a buffer whose rows are so many floats apart
Compute: TypeAlias = Callable[[Pointer, int], Sequence[Operation]]
# the same of some rows of a parameter: the first, and how many
ComputeRows: TypeAlias = Callable[[int, int, Pointer, int], Sequence[Operation]]


@dataclass(frozen=True)
class GradientBlock:
    """A block of one parameter, and where its gradient comes from.

    `rows` x `columns` floats, `offset` floats into the parameter, whose rows are
    `stride` floats apart. `compute` writes the gradient; without it the gradient is the
    sum of `lane_count` partial sums (one for each tile if 0) at `lanes`.
    """

    name: str
    offset: int
    rows: int
    columns: int
    stride: int
    compute: Compute | None = None
    lanes: Pointer = NOWHERE
    lane_stride: int = 0
    lane_count: int = 0
    cost: int = 0


def flat_block(name: str, first: int, size: int, **source: Any) -> GradientBlock:
    """Consecutive numbers of one parameter."""
    return GradientBlock(name, first, 1, size, size, **source)


def add_row_blocks(
    lowering: Any, name: str, count: int, size: int, compute: ComputeRows
) -> None:
    """Blocks of a parameter with `count` rows of `size` numbers."""
    step = max(1, ROWS_FLOATS // size)
    for first in range(0, count, step):
        rows = min(step, count - first)
        source = partial(compute, first, rows)
        cost = rows * size * lowering.memory.tiles
        block = flat_block(name, first * size, rows * size, compute=source, cost=cost)
        lowering.blocks.append(block)


def add_one_lane(lowering: Any, name: str, lane: Pointer, size: int) -> None:
    """A parameter whose gradient is complete in one buffer."""
    source = {"lanes": lane, "lane_stride": size, "lane_count": 1}
    lowering.blocks.append(flat_block(name, 0, size, **source, cost=size))


def add_lane_blocks(
    lowering: Any, name: str, lanes: Pointer, size: int, count: int
) -> None:
    """At most `count` blocks of a parameter with a partial sum for each tile."""
    step, stride = -(-size // count), lanes.tile_stride // FLOAT_BYTES
    for first in range(0, size, step):
        columns = min(step, size - first)
        start = lanes.whole().plus(first * FLOAT_BYTES)
        source = {"lanes": start, "lane_stride": stride}
        cost = columns * lowering.memory.tiles
        lowering.blocks.append(flat_block(name, first, columns, **source, cost=cost))


def add_bias_lanes(lowering: Any, node: Any, d_outputs: Tensor) -> None:
    """The bias of a convolution, if it has one: a partial sum for each tile."""
    if node.layer.bias is None:
        return
    name = node.name
    memory, outs = lowering.memory, d_outputs.shape[0]
    columns = d_outputs.rows // outs * memory.tile
    lanes = memory.each_tile(f"{name} bias lanes", "gradients", outs)
    sizes = (outs, columns, columns)
    lowering.operations += bias_sums(name, d_outputs.pointer, lanes, sizes)
    add_lane_blocks(lowering, f"{name}.bias", lanes, outs, 1)


def bias_sums(
    name: str, values: Pointer, sums: Pointer, sizes: tuple[int, int, int]
) -> list[Operation]:
    """d_bias = the sum of each row; sizes: rows, columns, and the rows' stride."""
    rows, columns, stride = sizes
    return [
        Operation(clear, f"{name} d_bias = 0", values=sums, size=rows),
        Operation(
            row_sums,
            f"{name} d_bias",
            values=values,
            sums=sums,
            rows=rows,
            columns=columns,
            stride=stride,
        ),
    ]
