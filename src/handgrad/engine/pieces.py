"""Blocks of parameters whose gradient one task makes and whose values it moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from handgrad.engine.memory import FLOAT_BYTES, NOWHERE, Pointer

ROWS_FLOATS = 1 << 14  # of a weight that one task moves


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
    make: Any = None
    lanes: Pointer = NOWHERE
    lane_stride: int = 0
    lane_count: int = 0  # 0 says one lane for each tile
    cost: int = 0


def add_row_pieces(
    lowering: Any, name: str, count: int, size: int, make: Callable[[int, int], Any]
) -> None:
    """A parameter of `count` rows of `size`, some rows a task.

    `make(first, rows)` returns what makes the gradient of those rows.
    """
    step = max(1, ROWS_FLOATS // size)
    for first in range(0, count, step):
        rows = min(step, count - first)
        lowering.pieces.append(
            Piece(
                name,
                first * size,
                1,
                rows * size,
                rows * size,
                make(first, rows),
                cost=rows * size * lowering.memory.tiles,
            )
        )


def add_lane_pieces(
    lowering: Any, name: str, lanes: Pointer, size: int, count: int
) -> None:
    """A parameter whose gradient is the sum of one lane for each tile, in pieces."""
    step = -(-size // count)
    for first in range(0, size, step):
        columns = min(step, size - first)
        lowering.pieces.append(
            Piece(
                name,
                first,
                1,
                columns,
                columns,
                lanes=lanes.whole().plus(first * FLOAT_BYTES),
                lane_stride=lanes.tile_stride // FLOAT_BYTES,
                cost=columns * lowering.memory.tiles,
            )
        )
