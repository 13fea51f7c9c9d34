"""What the nodes of a network decide together: tile size, barriers, and layout."""

from collections.abc import Iterator, Sequence

from handgrad.engine import processor
from handgrad.engine.lowering.node import Node

LINEAR_TILE, SKINNY_TILE = 128, 64
LEAST_TILE = 32  # where images fill a cache; sums along a row take two registers


def tile_of(nodes: Sequence[Node], batch_size: int | None = None) -> int:
    """Examples in a tile: few where images fill a cache, more for matrix products.

    Half of a small batch; it does not depend on the number of workers.
    """
    sizes = [node.row.tile(node.layer) for node in _all(nodes) if node.row.tile]
    full = LEAST_TILE if LEAST_TILE in sizes else max(sizes, default=SKINNY_TILE)
    if batch_size is None:
        return full
    half = -(-batch_size // 2)
    return min(full, -(-half // LEAST_TILE) * LEAST_TILE)


def needs_barriers(nodes: Sequence[Node], *, training: bool) -> bool:
    """Whether tiles wait for each other, so that each keeps its own buffers."""
    return any(node.row.needs_barrier(node.layer, training) for node in _all(nodes))


def goes_by_rows(nodes: Sequence[Node]) -> bool:
    """Whether the network is a perceptron whose sizes fill whole registers.

    Then an activation has an example a row, else an example a column.
    """
    return (
        first_to_compute(nodes).row.wants_matrix
        and processor.instruction_set() is not None
        and tile_of(nodes) == LINEAR_TILE
        and all(node.row.by_rows(node.layer) for node in nodes)
    )


def first_to_compute(nodes: Sequence[Node]) -> Node:
    """The first node that does more than reshape, if any does."""
    return next((node for node in nodes if node.row.computes), nodes[-1])


def _all(nodes: Sequence[Node]) -> Iterator[Node]:
    """The nodes, and those inside them."""
    for node in nodes:
        yield node
        for inner in node.branches.values():
            yield from _all(inner)
