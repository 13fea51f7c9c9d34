from base64 import b64decode
from dataclasses import dataclass

import pytest

from handgrad.inspection.figures.style import new_figure
from handgrad.inspection.result import Result, Rows
from handgrad.inspection.table import Table


@dataclass(frozen=True, repr=False, eq=False)
class Numbers(Rows[int]):
    rows: tuple[int, ...]

    def table(self):
        return Table(("<number>",), tuple((str(row),) for row in self.rows))

    def figure(self):
        return new_figure(1, 1)

    def as_dict(self):
        return {"rows": list(self.rows)}


def test_it_prints_its_table():
    assert repr(Numbers((3, 4))) == str(Numbers((3, 4))) == "<number>\n3\n4"


def test_a_notebook_gets_the_escaped_table_and_a_png():
    html = Numbers((3,))._repr_html_()
    assert "&lt;number&gt;" in html
    picture = html.split("base64,")[1].split('"')[0]
    assert b64decode(picture).startswith(b"\x89PNG")


def test_rows_are_a_sequence():
    found = Numbers((3, 4))
    assert (len(found), list(found), found[-1]) == (2, [3, 4], 4)
    with pytest.raises(IndexError):
        found[2]


def test_a_result_needs_table_figure_and_values():
    class Half(Result):
        def table(self):
            return Table()

    with pytest.raises(TypeError, match="abstract"):
        Half()
