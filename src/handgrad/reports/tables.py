"""Responsive tables, which become stacks of cards on narrow screens."""

from collections.abc import Sequence

from handgrad.reports.markup import Inside, Markup, element


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Inside]],
    *,
    caption: str | None = None,
    class_: str | None = None,
) -> Markup:
    """A table; each cell has the name of its column, which the card layout shows.

    The ARIA roles are explicit because the card layout would lose them.
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
    """A row; cells that are already <td> or <th> elements are kept."""
    cells = []
    for head, cell in zip(heads, row, strict=True):
        is_made = isinstance(cell, Markup) and cell.startswith(("<td", "<th"))
        cells.append(cell if is_made else td(cell, head))
    return element("tr", *cells, role="row")


def td(cell: Inside, head: str, class_: str | None = None) -> Markup:
    """A cell with the name of its column."""
    return element("td", cell, role="cell", data_head=head or None, class_=class_)


def th(cell: Inside) -> Markup:
    """The header cell of a row."""
    return element("th", cell, scope="row", role="rowheader")
