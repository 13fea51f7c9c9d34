"""Fuse activations with their neighbours: a network's layers as nodes."""

from collections.abc import Iterator, Sequence

from handgrad.engine.lowering.node import Node, Part
from handgrad.engine.lowering.table import row_of
from handgrad.engine.network_layers import Named, parts_of, trained


def fused(layers: Sequence[Named], *, needs_d_inputs: bool = False) -> list[Node]:
    """Nodes, first to last; `needs_d_inputs` if a layer before is trained."""
    groups = list(_groups([Part(name, layer, row_of(layer)) for name, layer in layers]))
    nodes, needs = [], needs_d_inputs
    for place, (before, part, after) in enumerate(groups):
        followers = [main.row for _, main, _ in groups[place + 1 :]]
        reader = next((row for row in followers if not row.passes_on), None)
        inner = part.row.branches(part.layer).items()
        node = Node(
            part.name,
            part.layer,
            part.row,
            before,
            after,
            {
                key: fused(parts_of(f"{part.name}.{key}", each), needs_d_inputs=needs)
                for key, each in inner
            },
            feeds_matrix=reader is not None and reader.wants_matrix,
            needs_d_inputs=needs,
        )
        nodes.append(node)
        parts = (each for each in (before, part, after) if each)
        needs |= any(trained(each.layer.parameters()) for each in parts)
    return nodes


def _groups(parts: Sequence[Part]) -> Iterator[tuple[Part | None, Part, Part | None]]:
    """Each layer with the activation before or after it that becomes part of it."""
    rest = list(parts)
    while rest:
        here = rest.pop(0)
        following = rest[0] if rest else None
        if following is None:
            yield None, here, None
        elif here.activation and following.row.takes_before(here.activation):
            yield here, rest.pop(0), None
        elif following.activation and here.row.takes_after(following.activation):
            yield None, here, rest.pop(0)
        else:
            yield None, here, None
