"""The operations of a torch module, in the order of its forward method.

Needs torch, the extra `torch`.
"""

import operator
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from handgrad.errors import ConfigError
from handgrad.torch_modules import PRODUCT

ROOT = "network"  # the module given, as part of the one that is traced
JOINS: dict[Any, str] = {
    **dict.fromkeys((operator.add, operator.iadd, torch.add, "add", "add_"), "add"),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul, "mul", "mul_"), "mul"),
    **dict.fromkeys((torch.cat, torch.concat), "cat"),
    torch.einsum: "einsum",
}


def _flatten(start_dim: int = 0, end_dim: int = -1) -> Any:
    return nn.Flatten(start_dim, end_dim)


def _mean(dim: Any = None, keepdim: bool = False) -> Any:
    axes = tuple(dim) if isinstance(dim, list | tuple) else (dim,)
    if axes not in {(2, 3), (-2, -1), (-1, -2), (3, 2)}:
        raise TypeError("another mean than that of the pixels")
    pool = nn.AdaptiveAvgPool2d(1)
    return pool if keepdim else nn.Sequential(pool, nn.Flatten())


def _pad(pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    if mode != "constant":
        raise TypeError("padding with other values than a constant")
    return nn.ConstantPad2d(pad, value or 0.0)


def _reshape(batch: Any, features: Any = None) -> Any:
    """A reshape to (batch, features)."""
    size = batch[1] if isinstance(batch, list | tuple) else features
    if size != -1:
        raise TypeError("another reshape than that of examples to vectors")
    return nn.Flatten()


KINDS: dict[str, Callable[..., Any]] = {  # functions and methods by name
    "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d,
    "avg_pool2d": nn.AvgPool2d,
    "dropout": nn.Dropout,
    "elu": nn.ELU,
    "flatten": _flatten,
    "gelu": nn.GELU,
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "leaky_relu": nn.LeakyReLU,
    "max_pool2d": nn.MaxPool2d,
    "mean": _mean,
    "pad": _pad,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "relu_": nn.ReLU,
    "reshape": _reshape,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softmax": nn.Softmax,
    "stochastic_depth": lambda *settings, **named: nn.Identity(),
    "tanh": nn.Tanh,
    "view": _reshape,
}
FUNCTIONS: dict[Any, str] = {
    getattr(place, name): name
    for place in (functional, torch)
    for name in KINDS
    if hasattr(place, name)
}
UNUSED = ("inplace", "training")  # settings that do not change the outputs


class Graph:
    """The operations of a torch `module`, from its one input to its one output.

    `nodes` are those of `torch.fx` that the output depends on, without those that
    compute sizes; `input` is the input.
    """

    def __init__(self, module: Any) -> None:
        self.root = nn.Sequential(OrderedDict({ROOT: module}))
        nodes = _traced(self.root, module)
        result = nodes[-1].args[0]
        if not isinstance(result, fx.Node):
            raise ConfigError(
                "from_torch takes a module with one output, got "
                f"{type(module).__name__} with {result}. Give the part that maps "
                "images to logits."
            )
        self.input, self._sizes = nodes[0], _sizes_in(nodes)
        self.nodes = self._leading_to(result, nodes)

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
        return [each for each in node.all_input_nodes if each not in self._sizes]

    def users(self, value: Any) -> list[Any]:
        """The operations that take a value, in order."""
        return [node for node in self.nodes if value in self.operands(node)]

    def module(self, node: Any) -> Any:
        """The module of an operation; None if there is none with its settings."""
        if node.op == "call_module":
            return self.root.get_submodule(node.target)
        kind = self._function(node)
        given = {n: v for n, v in node.kwargs.items() if n not in UNUSED}
        try:
            return KINDS[kind](*node.args[1:], **given)
        except (KeyError, TypeError):
            return None

    def join(self, node: Any) -> str | None:
        """How an operation joins several values: "add", "mul", "cat", else None.

        "?" for a concatenation along other axes than the channels, or another sum of
        products than that of `handgrad.torch_modules`.
        """
        is_function = node.op in ("call_function", "call_method")
        kind = JOINS.get(node.target) if is_function else None
        if kind == "einsum":
            return "mul" if node.args[0] == PRODUCT else "?"
        if kind == "cat":
            axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
            return "cat" if axis == 1 else "?"
        return kind

    def name(self, node: Any) -> str:
        """The name of an operation's module, or of its function."""
        if node.op in ("call_module", "get_attr"):
            return str(node.target).removeprefix(ROOT).removeprefix(".")
        return str(node.name)

    def kind(self, node: Any) -> str:
        """What an operation is: the class of its module, or its function."""
        if node.op == "call_module":
            return type(self.module(node)).__name__
        if node.op == "get_attr":
            return "a parameter outside of a module"
        return self._function(node) or str(getattr(node.target, "__name__", node.name))

    def shown(self, node: Any) -> str:
        """An operation in words: what it is, and its name."""
        name = self.name(node)
        return f"{self.kind(node)} ({name})" if name else self.kind(node)

    def _function(self, node: Any) -> str:
        if isinstance(node.target, str):
            return node.target
        if getattr(node.target, "__module__", "").startswith("torchvision."):
            return str(node.target.__name__)
        return FUNCTIONS.get(node.target, "")


def _traced(root: Any, module: Any) -> list[Any]:
    """The nodes of `torch.fx`, of the forward method in evaluation mode."""
    modes = {each: each.training for each in root.modules()}
    root.eval()
    try:
        graph = fx.Tracer().trace(root)
    except Exception as error:  # of the user's forward method
        raise ConfigError(
            f"from_torch cannot follow the forward method of {type(module).__name__}: "
            f"{error}. Give a module whose operations do not depend on the values of "
            "its inputs."
        ) from error
    finally:
        for each, mode in modes.items():
            each.training = mode
    return list(graph.nodes)


def _sizes_in(nodes: list[Any]) -> set[Any]:
    """The values that are sizes of others, or computed from sizes alone."""
    found: set[Any] = set()
    for node in nodes:
        operands = set(node.all_input_nodes)
        is_computed = node.op == "call_function" and operands and operands <= found
        if is_computed or _is_size(node):
            found.add(node)
    return found


def _is_size(node: Any) -> bool:
    is_shape = node.target is getattr and node.args[1] == "shape"
    return is_shape or (node.op == "call_method" and node.target in ("size", "dim"))
