"""What is lowered as one: a layer, and the neighbours that are fused with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handgrad.arrays import Pair
from handgrad.engine.kernels.activations import Activation
from handgrad.engine.memory import Tensor
from handgrad.layers import Layer

if TYPE_CHECKING:
    from handgrad.engine.lowering.lowering import Lowering


def always(*settings: Any) -> bool:
    """True."""
    return True


def never(*settings: Any) -> bool:
    """False."""
    return False


def no_ways(layer: Any) -> Mapping[str, Layer[Any]]:
    """Of a layer that holds no others."""
    return {}


@dataclass(frozen=True)
class Row:
    """All that the engine must know of one type of layer.

    `lower` adds the operations of the forward pass and leaves behind what adds those
    of the backward pass. What depends on a layer's settings is a function of the layer.
    """

    lower: Callable[["Lowering", "Node", Tensor], Tensor]
    # whether the kernels can do what its settings ask for
    suits: Callable[[Any], bool] = always
    # of a layer that is nothing but an activation
    activation: Callable[[Any], Activation] | None = None
    # whether it takes in an activation right before it, or right behind it
    takes_before: Callable[[Activation], bool] = never
    takes_after: Callable[[Activation], bool] = never
    # whether tiles must stay while others catch up: (layer, training)
    meets: Callable[[Any, bool], bool] = never
    # examples in a tile
    tile: Callable[[Any], int] | None = None
    # whether it can take part in a network that goes by rows: an example a row
    by_rows: Callable[[Any], bool] = never
    # whether it reads a matrix of the whole batch, and of images an example a row
    wants_matrix: bool = False
    # zeros around a network's images, when it is the first to compute
    border: Callable[[Any], Pair] | None = None
    # whether where its outputs stand is for the layer behind it to say
    passes_on: bool = False
    # False of a layer that only gives numbers another shape
    computes: bool = True
    # the layers within it, by name
    ways: Callable[[Any], Mapping[str, Layer[Any]]] = no_ways


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
    """A layer with what was fused with it, and what its neighbours ask of it."""

    before: Part | None = None
    after: Part | None = None
    ways: Mapping[str, Sequence["Node"]] = field(default_factory=dict)
    # whether the next layer that computes reads a matrix
    feeds_matrix: bool = False
    # whether anything before it has parameters
    needs_d_inputs: bool = False

    def __str__(self) -> str:
        parts = (self.before, self, self.after)
        shown = " + ".join(part.name or "the network" for part in parts if part)
        ways = [
            f"{key}: {', '.join(map(str, way))}".replace(f"{self.name}.{key}.", "")
            for key, way in self.ways.items()
        ]
        return f"{shown} ({'; '.join(ways)})" if ways else shown
