"""Two mutations that Cosmic Ray lacks: a call left out, an error not raised.

They stand for a missing `fsync`, a missing check, a missing clean-up.
"""

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator, operator_names

CORE = "core/"


class _LeaveOut(Operator):
    """A statement becomes `pass`."""

    def matches(self, node: Any) -> bool:
        raise NotImplementedError  # each kind of statement says which are its own

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if self.matches(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        prefix = node.get_first_leaf().prefix
        return parso.python.tree.Keyword("pass", node.start_pos, prefix=prefix)


class LeaveOutCall(_LeaveOut):
    """A call whose result nobody takes is left out."""

    def matches(self, node: Any) -> bool:
        if node.type != "atom_expr" or node.parent is None:
            return False
        is_call = node.children[-1].type == "trailer" and (
            node.children[-1].children[0].value == "("
        )
        return is_call and node.parent.type == "simple_stmt"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("f(1)\n", "pass\n"),)


class LeaveOutRaise(_LeaveOut):
    """An error is not raised."""

    def matches(self, node: Any) -> bool:
        return node.type == "raise_stmt"

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (Example("raise ValueError(1)\n", "pass\n"),)


OWN = {"leave_out_call": LeaveOutCall, "leave_out_raise": LeaveOutRaise}


def all_operators() -> dict[str, Operator]:
    """Cosmic Ray's operators that need no arguments, and ours, by name."""
    found = {
        name.removeprefix(CORE): get_operator(name)()
        for name in sorted(operator_names())
        if name.startswith(CORE) and not get_operator(name).arguments()
    }
    return found | {name: kind() for name, kind in OWN.items()}
