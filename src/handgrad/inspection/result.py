"""Base classes of inspection results."""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handgrad.inspection.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = TypeVar("Row")


class Result(ABC):
    """Base class of inspection results: a table, a figure and plain values.

    In a terminal a result prints its table; in a notebook it shows table and figure.
    """

    @abstractmethod
    def table(self) -> Table:
        """Return the numbers as text, a `Table` with its `rows`."""

    @abstractmethod
    def figure(self) -> "Figure":
        """Return a new matplotlib figure; matplotlib's global state is unchanged."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Return plain values: numbers, text, lists and dictionaries."""

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        """The table and the figure, as an inline PNG, for notebooks."""
        from handgrad.inspection.figures.style import png

        picture = b64encode(png(self.figure())).decode("ascii")
        return (
            f"<div>{self.table().to_html()}"
            f'<img alt="figure" style="max-width: 100%" '
            f'src="data:image/png;base64,{picture}"></div>'
        )


class Rows(Result, Generic[Row]):
    """A result that is a sequence of rows, with a length, iteration and indexing."""

    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]
