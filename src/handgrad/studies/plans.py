"""Plans decide which trial runs next, and which one to stop early."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from handgrad.studies.ledger import Outcome
from handgrad.studies.trials import Cell


class Plan(Protocol):
    """The trials to run, chosen when they are needed."""

    def next(self) -> Cell | None:
        """The next one to start; None if there is none until another has ended."""

    def why_end(self, cell: Cell, said: dict[str, Any]) -> str:
        """Why to stop a trial after this message of an epoch; empty to continue it."""

    def take(self, cell: Cell, outcome: Outcome) -> None:
        """Take note of the outcome of a trial."""


class Listed:
    """All trials of a list, in order, each to its end."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.waiting = deque(cells)

    def next(self) -> Cell | None:
        """The next one of the list."""
        return self.waiting.popleft() if self.waiting else None

    def why_end(self, cell: Cell, said: dict[str, Any]) -> str:
        """Never stop a trial early."""
        return ""

    def take(self, cell: Cell, outcome: Outcome) -> None:
        """Ignore the outcome: the list does not change."""
