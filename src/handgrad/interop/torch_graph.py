"""The operations of a torch module, in the order of its forward method.

Needs torch, the extra `torch`.
"""

import operator
from collections import OrderedDict
from typing import Any

import torch
from torch import fx, nn

from handgrad.errors import ConfigError
from handgrad.interop.torch_functions import FUNCTIONS, KINDS, VIEWS, hardtanh
from handgrad.interop.torch_trace import (
    changed_by,
    follow_changes,
    sizes_in,
    traced,
)
from handgrad.text import some
from handgrad.torch_modules import PRODUCT, UnsupportedError

ROOT = "network"  # the module given, as part of the one that is traced
JOINS: dict[Any, str] = {
    **dict.fromkeys((operator.add, operator.iadd, torch.add, "add", "add_"), "add"),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul, "mul", "mul_"), "mul"),
    **dict.fromkeys((torch.cat, torch.concat), "cat"),
    torch.einsum: "einsum",
}


class Graph:
    """The operations of a torch `module`, from its one input to its one output.

    `nodes` are those of `torch.fx` that the output depends on, without those that
    compute sizes; `input` is the input.
    """

    def __init__(self, module: Any) -> None:
        self.root = nn.Sequential(OrderedDict({ROOT: module}))
        nodes = traced(self.root, module)
        result = nodes[-1].args[0]
        if not isinstance(result, fx.Node):
            raise ConfigError(
                "from_torch takes a module with one output, got "
                f"{type(module).__name__} with {result}. Give the part that maps "
                "images to logits."
            )
        self.input, self._sizes = nodes[0], sizes_in(nodes)
        follow_changes(nodes, self._sizes, self._changed, self._is_view, self.shown)
        self.nodes = self._leading_to(nodes[-1].args[0], nodes)

    def _leading_to(self, output: Any, nodes: list[Any]) -> list[Any]:
        """The operations that the output depends on, in order."""
        needed, found = {output}, []
        for node in reversed(nodes):
            if node in needed and node.op != "placeholder":
                found.append(node)
                needed.update(self.operands(node))
        return found[::-1]

    def operands(self, node: Any) -> list[Any]:
        """The values that an operation takes, in order, without sizes."""
        taken = [each for each in node.all_input_nodes if each not in self._sizes]
        return taken[:1] if node.target == "expand_as" else taken

    def users(self, value: Any) -> list[Any]:
        """The operations that take a value, in order."""
        return [node for node in self.nodes if value in self.operands(node)]

    def module(self, node: Any) -> Any:
        """The module of an operation; None if there is none with its settings."""
        try:
            return self.supported(node)
        except UnsupportedError:
            return None

    def supported(self, node: Any) -> Any:
        """The module of an operation; UnsupportedError, in words, if there is none."""
        if node.op == "call_module":
            module = self.root.get_submodule(node.target)
            if type(module) is not nn.Hardtanh:
                return module
            limits = module.min_val, module.max_val
            return hardtanh(*limits, inplace=module.inplace)
        make = KINDS.get(self._function(node).removesuffix("_"))
        if make is None:
            is_join = self.join(node) is not None
            raise UnsupportedError(self.kind(node) + self._settings(node) * is_join)
        try:
            return make(*node.args[1:], **node.kwargs)
        except (TypeError, ValueError) as error:
            raise UnsupportedError(self.kind(node) + self._settings(node)) from error

    def join(self, node: Any) -> str | None:
        """How an operation joins several values: "add", "mul", "cat", else None.

        "?" for settings that no layer has, and for a value that is joined to itself or
        to a number.
        """
        is_function = node.op in ("call_function", "call_method")
        kind = JOINS.get(node.target) if is_function else None
        if kind is None:
            return None
        values, given = list(node.args), dict(node.kwargs)
        if kind == "einsum":
            kind = "mul" if values.pop(0) == PRODUCT else "?"
        elif kind == "cat":
            given.pop("dim", None)
            values = list(values[0]) if isinstance(values[0], list | tuple) else []
        elif kind == "add" and given.get("alpha") == 1:
            del given["alpha"]
        is_known = len(values) > 1 and values == self.operands(node) and not given
        return kind if is_known else "?"

    def axis(self, node: Any) -> Any:
        """The axis along which an operation concatenates."""
        return node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)

    def name(self, node: Any) -> str:
        """The name of an operation's module, or of its function."""
        if node.op in ("call_module", "get_attr"):
            return str(node.target).removeprefix(ROOT).removeprefix(".")
        return str(node.name)

    def kind(self, node: Any) -> str:
        """What an operation is: the class of its module, or its function."""
        if node.op == "call_module":
            return type(self.root.get_submodule(node.target)).__name__
        if node.op == "get_attr":
            return "a parameter outside of a module"
        return self._function(node) or str(getattr(node.target, "__name__", node.name))

    def shown(self, node: Any) -> str:
        """An operation in words: what it is, and its name."""
        name = self.name(node)
        return f"{self.kind(node)} ({name})" if name else self.kind(node)

    def _settings(self, node: Any) -> str:
        """What an operation takes besides different values, in words."""
        operands = self.operands(node)
        parts = [part for each in node.args for part in _parts(each)]
        if any(parts.count(each) > 1 for each in operands):
            return " of a value and itself"
        given = [
            *(
                str(a)
                for a in node.args
                if all(part not in operands for part in _parts(a))
            ),
            *(f"{name}={value}" for name, value in node.kwargs.items()),
        ]
        return f" with {some(given, 4)}" if given else ""

    def _changed(self, node: Any) -> Any:
        """The value that an operation changes in place; None if it changes none."""
        is_module = node.op == "call_module"
        part = self.root.get_submodule(node.target) if is_module else self.module(node)
        return changed_by(node, part)

    def _is_view(self, node: Any) -> bool:
        """Whether a result may be the memory of the first operand."""
        if self.join(node) is not None or self._function(node) == "clone":
            return False
        return isinstance(self.module(node), (*VIEWS, type(None)))

    def _function(self, node: Any) -> str:
        if isinstance(node.target, str):
            return node.target
        if getattr(node.target, "__module__", "").startswith("torchvision."):
            return str(node.target.__name__)
        return FUNCTIONS.get(node.target, "")


def _parts(argument: Any) -> list[Any]:
    """The entries of a list, or an argument as a list of one."""
    return list(argument) if isinstance(argument, list | tuple) else [argument]
