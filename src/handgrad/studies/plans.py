"""What the runner asks of a plan: which trial comes next, and which may end early."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from handgrad.studies.ledger import Outcome
from handgrad.studies.trials import Cell


class Plan(Protocol):
    """The trials to do, decided as they are needed."""

    def next(self) -> Cell | None:
        """The next to begin; None if there is none until another has ended."""

    def why_end(self, cell: Cell, said: dict[str, Any]) -> str:
        """Why a trial that said this after an epoch should end; empty: it goes on."""

    def take(self, cell: Cell, outcome: Outcome) -> None:
        """Learn how a trial has ended."""


class Listed:
    """All that are in a list, in its order, each to its end."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.waiting = deque(cells)

    def next(self) -> Cell | None:
        """The next of the list."""
        return self.waiting.popleft() if self.waiting else None

    def why_end(self, cell: Cell, said: dict[str, Any]) -> str:
        """None ends early."""
        return ""

    def take(self, cell: Cell, outcome: Outcome) -> None:
        """The list is what it is."""
