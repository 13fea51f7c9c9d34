"""An ONNX graph that is read: its constants, and who uses which value."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ConfigError
from handgrad.interop.onnx_graph import LOGITS, PRODUCER, import_onnx

ENDS = ("Softmax", "LogSoftmax")  # which the loss does
OLDEST = 7  # version of the operators; before it, operands broadcast by attributes


class UnsupportedError(Exception):
    """An operator, or one of its attributes, that no layer has."""


class Source:
    """The part of an ONNX graph that leads from its input to its logits.

    `constants` maps names to arrays; `shape` and `dtype` are those of one input
    example, "uint8" or "float32"; `metadata` are the model's own entries; `opset` is
    the version of its operators, and `is_ours` whether Handgrad wrote it. `ones` counts
    the last axes of size 1 of values that are vectors in Handgrad, such as the 2 of
    means (batch, channels, 1, 1).
    """

    def __init__(self, model: Any, what: str) -> None:
        onnx = import_onnx()
        graph, self.what = model.graph, what
        self.metadata = {each.key: each.value for each in model.metadata_props}
        self.opset = _opset(model, what)
        self.is_ours = model.producer_name == PRODUCER
        self.constants = _constants(onnx, graph)
        inputs = [each for each in graph.input if each.name not in self.constants]
        if len(inputs) != 1:
            raise ConfigError(
                f"{what} has {len(inputs)} inputs, but a classifier has one: a batch "
                "of images or vectors. Export the network without the others."
            )
        self.input = inputs[0].name
        self.shape, self.dtype = _form(onnx, inputs[0], what)
        nodes = _without(self.noted("prediction_values", dict) or {}, graph.node)
        self.output = self._logits(nodes, [each.name for each in graph.output])
        self.nodes = _leading_to(self.output, nodes, self.constants)
        self.ones = _trailing_ones(self.nodes, self.constants)

    def noted(self, name: str, kind: type[Any]) -> Any:
        """An entry of the metadata that is JSON of a kind; None without it."""
        try:
            found = json.loads(self.metadata.get(name, "null"))
        except ValueError:
            return None
        return found if isinstance(found, kind) else None

    def users(self, value: str) -> list[Any]:
        """The operators that take a `value`, in order."""
        return [node for node in self.nodes if value in node.input]

    def constant(self, node: Any) -> NumpyArray | None:
        """The constant operand of a binary operator; None if both are computed."""
        found = [self.constants[n] for n in node.input if n in self.constants]
        return found[0] if found else None

    def _logits(self, nodes: list[Any], outputs: list[str]) -> str:
        """The output nearest to the layers; ConfigError if the others differ in more.

        The others may be its softmax, the logarithm of it, or the class.
        """
        makers = {name: node for node in nodes for name in node.output}
        steps: dict[str, list[str]] = {}
        for name in outputs:
            found = steps[name] = [name]
            while (node := makers.get(found[-1])) is not None and self._is_end(node):
                found.append(node.input[0])
        if len({found[-1] for found in steps.values()}) != 1:
            those = (
                f"the outputs {' and '.join(map(str, outputs))}"
                if outputs
                else "no output"
            )
            raise ConfigError(
                f"{self.what} has {those}, but a classifier returns the logits of its "
                "classes, their softmax or both. Export the network with one output."
            )
        return min(outputs, key=lambda name: (len(steps[name]), name != LOGITS))

    def _is_end(self, node: Any) -> bool:
        """Whether an operator turns logits into probabilities or classes."""
        is_scaled = node.op_type == "Div" and node.input[1] in self.constants
        return is_scaled or node.op_type in (*ENDS, "ArgMax", "Identity")

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


def rank_of(source: Source, node: Any, shape: Shape) -> int:
    """The number of axes that an operator's input has in ONNX, with the batch."""
    ones = source.ones.get(node.input[0], 0) if len(shape) == 1 else 0
    return 1 + len(shape) + ones


def axes_of(node: Any, constants: Mapping[str, NumpyArray]) -> list[int] | None:
    """The axes of Squeeze or Unsqueeze: before version 13 an attribute.

    None if all are meant; an empty list if they are computed.
    """
    if not has_operand(node, 1):
        return attributes(node).get("axes")
    return [int(axis) for axis in constants.get(node.input[1], ())]


def _opset(model: Any, what: str) -> int:
    """The version of the operators; ConfigError for one with other meanings."""
    versions = [e.version for e in model.opset_import if e.domain in ("", "ai.onnx")]
    if versions and versions[0] < OLDEST:
        raise ConfigError(
            f"{what} uses version {versions[0]} of the ONNX operators, but Handgrad "
            f"reads versions from {OLDEST} on. Convert it with "
            "onnx.version_converter.convert_version(model, 13)."
        )
    return versions[0] if versions else 1


def _trailing_ones(
    nodes: list[Any], constants: Mapping[str, NumpyArray]
) -> dict[str, int]:
    """How many last axes of size 1 each value keeps of a mean over images."""
    found: dict[str, int] = {}
    for node in nodes:
        count = max((found.get(name, 0) for name in node.input), default=0)
        if node.op_type == "GlobalAveragePool":
            count = 2
        elif node.op_type == "Reshape":
            count = max(len(constants.get(node.input[1], ())) - 2, 0)
        elif node.op_type == "Flatten":
            count = 0
        elif node.op_type in ("Squeeze", "Unsqueeze"):
            axes = axes_of(node, constants)
            less = node.op_type == "Squeeze"
            count = 0 if axes is None else count + len(axes) * (-1 if less else 1)
        found |= dict.fromkeys(node.output, count)
    return found


def _constants(onnx: Any, graph: Any) -> dict[str, NumpyArray]:
    """Weights and constants, also those that are copied or transposed first."""
    to_array = onnx.numpy_helper.to_array
    found = {each.name: to_array(each) for each in graph.initializer}
    for node in graph.node:
        given = attributes(node)
        if node.op_type == "Constant":
            for name, made in _CONSTANTS.items():
                if name in given:
                    found[node.output[0]] = made(given[name])
            if "value" in given:
                found[node.output[0]] = to_array(given["value"])
        elif node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
        elif node.op_type == "Transpose" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]].transpose(given.get("perm"))
    return found


_CONSTANTS: dict[str, Callable[[Any], NumpyArray]] = {
    "value_float": lambda value: np.array(value, np.float32),
    "value_floats": lambda values: np.array(values, np.float32),
    "value_int": lambda value: np.array(value, np.int64),
    "value_ints": lambda values: np.array(values, np.int64),
}


def _without(values: dict[str, str], nodes: Any) -> list[Any]:
    """The operators, using other values in place of some."""
    if not values:
        return list(nodes)
    found = []
    for node in nodes:
        changed = type(node)()
        changed.CopyFrom(node)
        changed.input[:] = [values.get(name, name) for name in node.input]
        found.append(changed)
    return found


def _form(onnx: Any, given: Any, what: str) -> tuple[Shape, str]:
    """Shape and dtype of one example; ConfigError unless they are fixed."""
    tensor = given.type.tensor_type
    kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    dtype = {"uint8": "uint8", "float": "float32"}.get(kind)
    if dtype is None:
        raise ConfigError(
            f"{what} takes inputs of type {kind}, but a network takes uint8 or "
            "float32. Export it for float32 inputs."
        )
    sizes = [each.dim_value for each in tensor.shape.dim]
    names = [each.dim_value or each.dim_param or "?" for each in tensor.shape.dim]
    shown = f"{what} takes inputs of shape ({', '.join(map(str, names))})"
    if len(sizes) not in (2, 4):
        raise ConfigError(
            f"{shown}, but a network takes images (batch, channels, height, width) or "
            "vectors (batch, features). Export it for one of them."
        )
    if min(sizes[1:]) < 1:
        raise ConfigError(
            f"{shown}, but only the size of the batch may vary. Export it with fixed "
            "numbers for the others."
        )
    return tuple(sizes[1:]), dtype


def _leading_to(output: str, nodes: list[Any], constants: Any) -> list[Any]:
    """The operators that an output depends on, in order, without constants."""
    needed, found = {output}, []
    for node in reversed(nodes):
        if needed & set(node.output):
            found.append(node)
            needed |= set(node.input) - constants.keys()
    return found[::-1]
