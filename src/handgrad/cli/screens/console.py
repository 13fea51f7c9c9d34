"""Consoles and tables: results on stdout, progress on stderr."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from handgrad.text import one_line, printable_json

if TYPE_CHECKING:
    from handgrad.inspection import Table as Parts

PIPE_WIDTH = 200  # wide enough that a table in a file is not wrapped


class PlainConsole(Console):
    """A console that escapes control characters and line breaks in all text."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Render as rich does, with control characters escaped."""
        return super().render_str(one_line(text), **options)


def console(*, stderr: bool = False) -> Console:
    """Make a console without markup.

    Escape sequences are written to terminals only. With FORCE_COLOR rich would move the
    cursor and draw bars in files as well, so that variable is ignored.
    """
    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return PlainConsole(
        stderr=stderr,
        force_terminal=is_terminal,
        width=None if is_terminal else PIPE_WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
    )


def say(text: str = "", *, stderr: bool = False) -> None:
    """Print a line without wrapping, so that paths stay whole.

    Control characters and line breaks are escaped, since names may contain any.
    """
    print(one_line(text), file=sys.stderr if stderr else sys.stdout)


def say_lines(text: str) -> None:
    """Print text of several lines."""
    for line in text.split("\n"):
        say(line)


def say_json(values: Any) -> None:
    """Print one JSON object on one line; NaN and infinity become null."""
    text = json.dumps(finite(values), ensure_ascii=False, allow_nan=False)
    print(printable_json(text))


def finite(values: Any) -> Any:
    """Replace NaN and infinity, which JSON lacks, by None."""
    if isinstance(values, Mapping):
        return {name: finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [finite(value) for value in values]
    if isinstance(values, float) and not abs(values) < float("inf"):
        return None
    return values


def show(made: Table) -> None:
    """Print a table to stdout, without trailing blanks.

    Its cells are escaped already; the only escape sequences left are those of rich.
    """
    screen = console()
    with screen.capture() as captured:
        screen.print(made)
    for line in captured.get().splitlines():
        print(line.rstrip())


class TextTable(Table):
    """A table whose cells are escaped to single lines."""

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row of cells."""
        shown = (one_line(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, **options)


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Make an empty table without borders; the columns in `right` hold numbers."""
    made = TextTable(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
    )
    for column in columns:
        made.add_column(
            one_line(column),
            justify="right" if column in right else "left",
            no_wrap=column in right,
        )
    return made


def show_parts(made: "Parts") -> None:
    """Print a table and the paragraphs above and below, separated by blank lines."""
    shown = table(*made.heads, right=made.right)
    for row in made.rows:
        shown.add_row(*row)
    grid = [shown] if made.heads else []
    parts: list[str | Table] = [*made.above, *grid, *made.below]
    for number, part in enumerate(parts):
        if number:
            say()
        if isinstance(part, Table):
            show(part)
        else:
            say_lines(part)
