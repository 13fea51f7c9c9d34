"""An ONNX graph under construction: its nodes and its constants."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError

LOGITS = "logits"  # the output of every model that Handgrad writes
PRODUCER = "handgrad"  # the name in every model that Handgrad writes
MISSING = (
    "ONNX needs the package onnx, which is not installed. Install it with "
    "pip install 'handgrad[onnx]'."
)


def import_onnx() -> Any:
    """The package onnx; ConfigError that says how to install it."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise ConfigError(MISSING) from error
    return onnx


class Graph:
    """The nodes and constants of a graph; every value has a name of its own.

    `nodes` and `constants` are those of the package onnx, in order of computation;
    `shapes` holds the shape of one example of each layer's inputs and outputs.
    """

    def __init__(self) -> None:
        self.onnx = import_onnx()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.shapes: dict[str, Shape] = {}
        self._names: set[str] = set()

    def add(self, kind: str, *inputs: str, name: str, **attributes: Any) -> str:
        """Add an operator of this `kind`; return the name of its output."""
        output = self._new(name)
        made = self.onnx.helper.make_node(
            kind, list(inputs), [output], name=output, **attributes
        )
        self.nodes.append(made)
        return output

    def constant(self, name: str, values: Any, dtype: Any = np.float32) -> str:
        """Add a constant array; return its name."""
        array: NumpyArray = np.asarray(to_numpy(values), dtype, order="C")
        unique = self._new(name)
        self.constants.append(self.onnx.numpy_helper.from_array(array, unique))
        return unique

    def integers(self, name: str, values: Sequence[int]) -> str:
        """Add a constant list of integers, such as a shape."""
        return self.constant(name, np.array(values), np.int64)

    def _new(self, name: str) -> str:
        unique, number = name, 1
        while unique in self._names:
            number += 1
            unique = f"{name}_{number}"
        self._names.add(unique)
        return unique
