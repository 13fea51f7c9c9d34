"""Two mutations that Cosmic Ray lacks: a call left out, an error not raised.

They stand for a missing `fsync`, a missing check, a missing clean-up.
"""

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator


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

    @classmethod
    def examples(cls) -> tuple[Any, ...]:
        return ()


class LeaveOutCall(_LeaveOut):
    """A call whose result nobody takes is left out."""

    def matches(self, node: Any) -> bool:
        if node.type != "atom_expr" or node.parent is None:
            return False
        last = node.children[-1]
        is_call = last.type == "trailer" and last.children[0].value == "("
        return is_call and node.parent.type == "simple_stmt"


class LeaveOutRaise(_LeaveOut):
    """An error is not raised."""

    def matches(self, node: Any) -> bool:
        return node.type == "raise_stmt"


OWN = {"leave_out_call": LeaveOutCall, "leave_out_raise": LeaveOutRaise}
