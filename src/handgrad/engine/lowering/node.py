"""What is lowered as one: a layer, and the activation fused with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handgrad.arrays import Pair
from handgrad.engine.kernels.activations import Activation
from handgrad.engine.memory_plan import Tensor
from handgrad.layers import Layer

if TYPE_CHECKING:
    from handgrad.engine.lowering.lowering import Lowering


def always(*settings: Any) -> bool:
    """True."""
    return True


def never(*settings: Any) -> bool:
    """False."""
    return False


def no_branches(layer: Any) -> Mapping[str, Layer[Any]]:
    """Of a layer that contains no others."""
    return {}


@dataclass(frozen=True)
class Row:
    """All that the engine knows of one type of layer.

    `lower` adds the operations of the forward pass, and a function that adds those of
    the backward pass. What depends on a layer's settings is a function of the layer.
    """

    lower: Callable[["Lowering", "Node", Tensor], Tensor]
    # whether the kernels support its settings
    suits: Callable[[Any], bool] = always
    # of a layer that is nothing but an activation
    activation: Callable[[Any], Activation] | None = None
    # whether an activation right before or after it is fused with it
    takes_before: Callable[[Activation], bool] = never
    takes_after: Callable[[Activation], bool] = never
    # whether all tiles wait for each other within it: (layer, training)
    needs_barrier: Callable[[Any, bool], bool] = never
    # examples in a tile
    tile: Callable[[Any], int] | None = None
    # whether it supports activations with an example a row
    by_rows: Callable[[Any], bool] = never
    # whether it reads one matrix of the whole batch
    wants_matrix: bool = False
    # zeros around a network's images, where it is the first to compute
    border: Callable[[Any], Pair] | None = None
    # whether the layer after it chooses the layout of its outputs
    passes_on: bool = False
    # False of a layer that only reshapes
    computes: bool = True
    # the layers inside it, by name
    branches: Callable[[Any], Mapping[str, Layer[Any]]] = no_branches


@dataclass(frozen=True)
class Part:
    """A layer by its full name, and its row of the table."""

    name: str
    layer: Any
    row: Row

    @property
    def activation(self) -> Activation | None:
        """The activation that this layer is, if it is one."""
        make = self.row.activation
        return None if make is None else make(self.layer)


@dataclass(frozen=True)
class Node(Part):
    """A layer with the activation fused with it, and what its neighbours need."""

    before: Part | None = None
    after: Part | None = None
    branches: Mapping[str, Sequence["Node"]] = field(default_factory=dict)
    # whether the next layer that computes reads a matrix
    feeds_matrix: bool = False
    # whether anything before it is trained
    needs_d_inputs: bool = False

    def __str__(self) -> str:
        parts = (self.before, self, self.after)
        shown = " + ".join(part.name or "the network" for part in parts if part)
        branches = [
            f"{key}: {', '.join(map(str, nodes))}".replace(f"{self.name}.{key}.", "")
            for key, nodes in self.branches.items()
        ]
        return f"{shown} ({'; '.join(branches)})" if branches else shown
