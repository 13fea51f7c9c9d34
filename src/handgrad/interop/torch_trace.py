"""The nodes of a torch module's forward method, and values changed in place.

Needs torch, the extra `torch`.
"""

import operator
from collections.abc import Callable
from typing import Any

from torch import fx

from handgrad.errors import ConfigError

IN_PLACE = {
    f"__{name}__": getattr(operator, name)
    for name in ("iadd", "imul", "isub", "itruediv")
}


class Value(fx.Proxy):  # type: ignore[misc]  # torch is an extra
    """A value in a forward method; `x += y` changes it, as in torch."""


def _changing(function: Any) -> Any:
    def change(self: Any, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", function, (self, other), {})

    return change


for _name, _function in IN_PLACE.items():
    setattr(Value, _name, _changing(_function))


class Tracer(fx.Tracer):  # type: ignore[misc]
    """Follows a forward method with values of the class `Value`."""

    def proxy(self, node: Any) -> Any:
        """The value of a node."""
        return Value(node, self)


def traced(root: Any, module: Any) -> list[Any]:
    """The nodes of `torch.fx`, of the forward method in evaluation mode.

    `root` contains the `module` given, which errors name. ConfigError for a forward
    method that cannot be followed.
    """
    modes = {each: each.training for each in root.modules()}
    root.eval()
    try:
        graph = Tracer().trace(root)
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


def sizes_in(nodes: list[Any]) -> set[Any]:
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


def is_batch_size(value: Any) -> bool:
    """Whether a value is the number of examples: `x.size(0)` or `x.shape[0]`."""
    if not isinstance(value, fx.Node):
        return False
    if value.target == "size":
        return bool(value.args[1:] == (0,))
    is_entry = value.target is operator.getitem and _is_size(value.args[0])
    return bool(is_entry and value.args[1] == 0)


def changed_by(node: Any, module: Any) -> Any:
    """The value that an operation changes in place; None if it changes none.

    `module` is the module of the operation, None if it has none.
    """
    if "out" in node.kwargs:
        return node.kwargs["out"]
    name = str(getattr(node.target, "__name__", node.target))
    is_named = node.op != "call_module" and name.endswith("_") and name[-2:] != "__"
    is_set = node.kwargs.get("inplace") or getattr(module, "inplace", False)
    if node.target in IN_PLACE.values() or is_named or is_set:
        return node.args[0] if node.args else None
    return None


def follow_changes(
    nodes: list[Any],
    sizes: set[Any],
    changed: Callable[[Any], Any],
    is_view: Callable[[Any], bool],
    shown: Callable[[Any], str],
) -> None:
    """Let all operations after a change in place take the changed value.

    `nodes` are in the order of execution, and `sizes` those that are sizes; `changed`
    gives the value that an operation changes, `is_view` whether its result shares
    memory with its first operand, `shown` its name. ConfigError if later operations use
    that memory by another value.
    """
    origin: dict[Any, Any] = {}
    for place, node in enumerate(nodes):
        if node in sizes:
            continue
        target = changed(node)
        shares = is_view(node) and node.args and isinstance(node.args[0], fx.Node)
        source = node.args[0] if shares else node
        origin[node] = origin.get(source, source)
        if not isinstance(target, fx.Node):
            continue
        later = set(nodes[place + 1 :])
        for user in later:
            user.replace_input_with(target, node)
        origin[node] = origin[target]
        others = [
            each
            for each in nodes[:place]
            if origin.get(each) is origin[target] and later & ({*each.users} - sizes)
        ]
        if others:
            raise ConfigError(
                f"from_torch cannot follow {shown(node)}: it changes values in place "
                f"that later operations take from {shown(others[0])}. Use an operation "
                "that is not in place, for example with inplace=False."
            )
