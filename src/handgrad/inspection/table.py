"""A text table for terminals and notebooks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = "  "  # between two columns
HTML = """
{%- macro cells(tag, row) %}
{%- for cell in row %}
{%- set side = "right" if table.heads[loop.index0] in table.right else "left" -%}
<{{ tag }} style="text-align: {{ side }}">{{ cell }}</{{ tag }}>
{%- endfor %}
{%- endmacro %}
{%- macro paragraphs(texts) %}
{%- for text in texts -%}
<p style="white-space: pre-wrap">{{ text }}</p>
{%- endfor %}
{%- endmacro %}
{{- paragraphs(table.above) }}
{%- if table.heads -%}
<table><thead><tr>{{ cells("th", table.heads) }}</tr></thead><tbody>
{%- for row in table.rows -%}
<tr>{{ cells("td", row) }}</tr>
{%- endfor -%}
</tbody></table>
{%- endif %}
{{- paragraphs(table.below) }}"""


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
        from jinja2 import Environment

        html = Environment(autoescape=True).from_string(HTML)
        return html.render(table=self)

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


def sizes(shape: Sequence[int]) -> str:
    """A shape as text, such as 6 x 28 x 28."""
    return " x ".join(map(str, shape))
