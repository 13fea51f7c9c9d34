"""Tables that become a stack of small cards where the screen is narrow."""

from collections.abc import Sequence

from handgrad.reports.markup import Inside, Markup, element


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Inside]],
    *,
    caption: str | None = None,
    class_: str | None = None,
) -> Markup:
    """A table; each cell carries its column's name, to stand beside it in a card.

    The roles are written out because a table shown as cards would lose them.
    """
    columns = [element("th", head, scope="col", role="columnheader") for head in heads]
    return element(
        "table",
        element("caption", caption) if caption else None,
        element("thead", element("tr", *columns, role="row"), role="rowgroup"),
        element("tbody", *(_row(heads, row) for row in rows), role="rowgroup"),
        role="table",
        class_=class_,
    )


def _row(heads: Sequence[str], row: Sequence[Inside]) -> Markup:
    """A row; a cell that is an element already keeps its own."""
    cells = []
    for head, cell in zip(heads, row, strict=True):
        is_made = isinstance(cell, Markup) and cell.startswith(("<td", "<th"))
        cells.append(cell if is_made else td(cell, head))
    return element("tr", *cells, role="row")


def td(cell: Inside, head: str, class_: str | None = None) -> Markup:
    """A cell that knows the name of its column."""
    return element("td", cell, role="cell", data_head=head or None, class_=class_)


def th(cell: Inside) -> Markup:
    """The cell that names its row."""
    return element("th", cell, scope="row", role="rowheader")
