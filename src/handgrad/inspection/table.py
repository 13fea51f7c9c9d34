"""A text table for terminals and notebooks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

GAP = "  "  # between two columns
NUMBER = "text-align: right"
TEXT = "text-align: left"


@dataclass(frozen=True)
class Table:
    """A text table with paragraphs above and below.

    `heads` names the columns, `rows` holds the cells; `right` names the right-aligned
    columns, such as numbers; `above` and `below` are paragraphs. Every cell is plain
    text, never interpreted as markup. A table without heads consists of its paragraphs.

    Example
        print(Table(("class", "images"), (("cat", "12"),), right=("images",)))
    """

    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    def __str__(self) -> str:
        grid = "\n".join(self._lines())
        parts = [*self.above, *([grid] if self.heads else []), *self.below]
        return "\n\n".join(parts)

    def to_html(self) -> str:
        """Return the table as an HTML fragment, with all text escaped."""
        grid = ""
        if self.heads:
            body = "".join(f"<tr>{self._cells('td', row)}</tr>" for row in self.rows)
            grid = (
                f"<table><thead><tr>{self._cells('th', self.heads)}</tr></thead>"
                f"<tbody>{body}</tbody></table>"
            )
        return _paragraphs(self.above) + grid + _paragraphs(self.below)

    def _lines(self) -> Iterable[str]:
        """The header and the rows, padded to columns."""
        lines = (self.heads, *self.rows)
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        for line in lines:
            columns = zip(self.heads, line, widths, strict=True)
            yield GAP.join(
                cell.rjust(width) if head in self.right else cell.ljust(width)
                for head, cell, width in columns
            ).rstrip()

    def _cells(self, tag: str, cells: Sequence[str]) -> str:
        return "".join(
            f'<{tag} style="{NUMBER if head in self.right else TEXT}">'
            f"{escape(cell)}</{tag}>"
            for head, cell in zip(self.heads, cells, strict=True)
        )


def _paragraphs(texts: Sequence[str]) -> str:
    style = "white-space: pre-wrap"  # keep line breaks
    return "".join(f'<p style="{style}">{escape(text)}</p>' for text in texts)
