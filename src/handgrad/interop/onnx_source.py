"""An ONNX graph that is read: its constants, and who uses which value."""

from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ConfigError
from handgrad.interop.onnx_graph import LOGITS, import_onnx


class UnsupportedError(Exception):
    """An operator, or one of its attributes, that no layer has."""


class Source:
    """The part of an ONNX graph that leads from its input to its logits.

    `constants` maps names to arrays; `shape` and `dtype` are those of one input
    example, "uint8" or "float32"; `metadata` are the model's own entries.
    """

    def __init__(self, model: Any, what: str) -> None:
        onnx = import_onnx()
        graph, self.what = model.graph, what
        to_array = onnx.numpy_helper.to_array
        self.constants = {each.name: to_array(each) for each in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant" and "value" in attributes(node):
                self.constants[node.output[0]] = to_array(attributes(node)["value"])
        inputs = [each for each in graph.input if each.name not in self.constants]
        if len(inputs) != 1:
            raise ConfigError(
                f"{what} has {len(inputs)} inputs, but a classifier has one: a batch "
                "of images or vectors. Export the network without the others."
            )
        self.input = inputs[0].name
        self.shape, self.dtype = _form(onnx, inputs[0], what)
        outputs = [each.name for each in graph.output]
        self.output = LOGITS if LOGITS in outputs else outputs[0]
        self.nodes = _leading_to(self.output, list(graph.node), self.constants)
        self.metadata = {each.key: each.value for each in model.metadata_props}

    def users(self, value: str) -> list[Any]:
        """The operators that take a `value`, in order."""
        return [node for node in self.nodes if value in node.input]

    def constant(self, node: Any) -> NumpyArray | None:
        """The constant operand of a binary operator; None if both are computed."""
        found = [self.constants[n] for n in node.input if n in self.constants]
        return found[0] if found else None

    def refuse(self, problems: list[str]) -> ConfigError:
        """The error for operators that have no layer here."""
        return ConfigError(
            f"{self.what} cannot be read: {'; '.join(sorted(set(problems)))}. Export "
            "the network without them."
        )


def attributes(node: Any) -> dict[str, Any]:
    """The attributes of an operator by name, as Python values; strings as text."""
    onnx = import_onnx()
    found = {
        each.name: onnx.helper.get_attribute_value(each) for each in node.attribute
    }
    return {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in found.items()
    }


def named(node: Any) -> str:
    """An operator in words: its type, and its name if it has one."""
    return f"{node.op_type} ({node.name})" if node.name else str(node.op_type)


def weight_of(source: Source, node: Any, place: int) -> NumpyArray:
    """A constant operand, float32."""
    found = source.constants.get(node.input[place])
    if found is None:
        raise UnsupportedError(f"{named(node)} with weights that are computed")
    return np.ascontiguousarray(found, dtype=np.float32)


def check_is(node: Any, given: dict[str, Any], name: str, wanted: Any) -> None:
    """UnsupportedError unless an attribute is missing or has the value wanted."""
    value = given.get(name, wanted)
    if value != wanted:
        raise UnsupportedError(f"{named(node)} with {name}={value}")


def has_operand(node: Any, place: int) -> bool:
    """Whether an operator has an optional operand."""
    return len(node.input) > place and node.input[place] != ""


def _form(onnx: Any, given: Any, what: str) -> tuple[Shape, str]:
    """Shape and dtype of one example; ConfigError unless they are fixed."""
    tensor = given.type.tensor_type
    sizes = [each.dim_value for each in tensor.shape.dim][1:]
    names = {onnx.TensorProto.UINT8: "uint8", onnx.TensorProto.FLOAT: "float32"}
    dtype = names.get(tensor.elem_type)
    if len(sizes) not in (1, 3) or 0 in sizes or dtype is None:
        raise ConfigError(
            f"{what} takes inputs of shape (batch, {', '.join(map(str, sizes))}), but "
            "a network takes uint8 or float32 images (batch, channels, height, width) "
            "or vectors (batch, features) of one size. Export it with fixed sizes."
        )
    return tuple(sizes), dtype


def _leading_to(output: str, nodes: list[Any], constants: Any) -> list[Any]:
    """The operators that an output depends on, in order, without constants."""
    needed, found = {output}, []
    for node in reversed(nodes):
        if needed & set(node.output) and node.op_type != "Constant":
            found.append(node)
            needed |= set(node.input) - constants.keys()
    return found[::-1]
