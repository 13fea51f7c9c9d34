"""Layers that apply several layers to the same inputs and combine their outputs.

Private to this package.
"""

from abc import abstractmethod
from typing import Any, NamedTuple, TypeVar

from handgrad.arrays import Shape
from handgrad.errors import ShapeError
from handgrad.layers.layer import Cache, Layer
from handgrad.parameter import Buffer, Parameter

Value = TypeVar("Value")


class BranchCache(NamedTuple):
    """Outputs and caches of the two branches of a product."""

    body: Any
    shortcut: Any  # None for the identity
    found: Any  # outputs of the body
    kept: Any  # outputs of the shortcut


class Branches(Layer[Cache]):
    """Base of layers with branches, whose parameters are named after the branch."""

    @abstractmethod
    def parts(self) -> dict[str, Layer[Any]]:
        """Return the branches by name; the identity is none."""

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters of all branches, first to last."""
        return {
            name: parameter
            for branch, layer in self.parts().items()
            for name, parameter in named(branch, layer.parameters()).items()
        }

    def buffers(self) -> dict[str, Buffer]:
        """Return the buffers of all branches, first to last."""
        return {
            name: buffer
            for branch, layer in self.parts().items()
            for name, buffer in named(branch, layer.buffers()).items()
        }


def body_and_shortcut(layer: Any) -> dict[str, Layer[Any]]:
    """The branches of a layer with a body and perhaps a shortcut."""
    both = {"body": layer.body, "shortcut": layer.shortcut}
    return {name: part for name, part in both.items() if part is not None}


def shape_of(branch: str, layer: Layer[Any], input_shape: Shape) -> Shape:
    """Return the output shape of a branch; an error names the branch."""
    try:
        return layer.output_shape(input_shape)
    except ShapeError as error:
        raise ShapeError(f"{branch}: {error}") from error


def named(branch: str, values: dict[str, Value]) -> dict[str, Value]:
    """Prefix the names with that of the branch."""
    return {f"{branch}.{name}": value for name, value in values.items()}
