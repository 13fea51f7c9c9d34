"""Blocks of parameters whose gradient one task makes and whose values it moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from handgrad.engine.kernels.products import clear, row_sums
from handgrad.engine.memory import FLOAT_BYTES, NOWHERE, Pointer, Tensor
from handgrad.engine.operation import Operation

ROWS_FLOATS = 1 << 14  # of a weight that one task moves
# first row, rows, first column, columns
Block: TypeAlias = tuple[int, int, int, int]
# what writes a gradient, told where to and how far its rows stand apart
Make: TypeAlias = Callable[[Pointer, int], Sequence[Operation]]


@dataclass(frozen=True)
class Piece:
    """A block of one parameter: how its gradient is made, and where it stands.

    `rows` x `columns` floats, `offset` floats into the parameter, `stride` floats from
    row to row there; `lanes` points to one gradient for each tile, or `make` writes
    the gradient when it is told where to.
    """

    name: str
    offset: int
    rows: int
    columns: int
    stride: int
    make: Make | None = None
    lanes: Pointer = NOWHERE
    lane_stride: int = 0
    lane_count: int = 0  # 0 says one lane for each tile
    cost: int = 0


def flat(name: str, first: int, size: int, **how: Any) -> Piece:
    """Some numbers in a row of one parameter."""
    return Piece(name, first, 1, size, size, **how)


def add_row_blocks(
    lowering: Any, name: str, count: int, size: int, make: Callable[[int, int], Make]
) -> None:
    """A parameter of `count` rows of `size`, some rows a task.

    `make(first, rows)` returns what makes the gradient of those rows.
    """
    step = max(1, ROWS_FLOATS // size)
    for first in range(0, count, step):
        rows = min(step, count - first)
        how, cost = make(first, rows), rows * size * lowering.memory.tiles
        piece = flat(name, first * size, rows * size, make=how, cost=cost)
        lowering.pieces.append(piece)


def add_one_lane(lowering: Any, name: str, lane: Pointer, size: int) -> None:
    """A parameter whose gradient stands somewhere as a whole."""
    how = {"lanes": lane, "lane_stride": size, "lane_count": 1}
    lowering.pieces.append(flat(name, 0, size, **how, cost=size))


def add_linear_blocks(
    lowering: Any,
    name: str,
    layer: Any,
    blocks: Sequence[Block],
    weight_gradient: Callable[[Block], Make],
    bias_gradient: Make,
) -> None:
    """Blocks of a linear layer's weight, and its bias: sums over the whole batch."""
    out, into = layer.out_features, layer.in_features
    capacity = lowering.memory.capacity
    for block in blocks:
        first, rows, left, columns = block
        place = (first * into + left, rows, columns, into)
        cost = 2 * rows * columns * capacity
        made = Piece(f"{name}.weight", *place, weight_gradient(block), cost=cost)
        lowering.pieces.append(made)
    bias = flat(f"{name}.bias", 0, out, make=bias_gradient, cost=out * capacity)
    lowering.pieces.append(bias)


def add_bias_lanes(lowering: Any, name: str, d_outputs: Tensor) -> None:
    """A convolution's bias: each tile's own sums of its places."""
    memory, outs = lowering.memory, d_outputs.shape[0]
    columns = d_outputs.rows // outs * memory.tile
    lanes = memory.each_tile(f"{name} bias lanes", "gradients", outs)
    lowering.add(clear, f"{name} d_bias = 0", values=lanes, size=outs)
    lowering.add(
        row_sums,
        f"{name} d_bias",
        values=d_outputs.pointer,
        sums=lanes,
        rows=outs,
        columns=columns,
        stride=columns,
    )
    add_lane_blocks(lowering, f"{name}.bias", lanes, outs, 1)


def add_lane_blocks(
    lowering: Any, name: str, lanes: Pointer, size: int, count: int
) -> None:
    """A parameter whose gradient is the sum of one lane for each tile, in pieces."""
    step, stride = -(-size // count), lanes.tile_stride // FLOAT_BYTES
    for first in range(0, size, step):
        columns = min(step, size - first)
        start = lanes.whole().plus(first * FLOAT_BYTES)
        how = {"lanes": start, "lane_stride": stride}
        cost = columns * lowering.memory.tiles
        lowering.pieces.append(flat(name, first, columns, **how, cost=cost))
