"""Names are text: what a folder or a file is called stays that, wherever it is shown.

A name may hold anything: codes that move a terminal's cursor, marks that turn the
direction of reading, the beginning of a formula or of HTML, bytes that are no UTF-8.
"""

import csv
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

# control characters but newline and tab, marks that change the direction of reading,
# and bytes that were no UTF-8
UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
MARKUP = re.compile(r"([\\`*\[\]|])")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets compute


def decoded(name: str) -> str:
    """A name from the file system; bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """A name with each accented letter as one character (NFC), as most systems write.

    Names of a Mac's files may hold a letter and its accent apart, and look the same.
    """
    return unicodedata.normalize("NFC", name)


def number_of(count: int, noun: str) -> str:
    """A count with its noun, in the plural where it is not one."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def printable(text: str) -> str:
    """The text with what a terminal would obey written out, as `\\x1b` or `\\u202e`."""
    return UNSEEN.sub(_written_out, text)


def one_line(text: str) -> str:
    """The same, with line breaks and tabs written out, too."""
    return printable(text).replace("\n", r"\n").replace("\t", r"\t")


def in_markdown(text: str) -> str:
    """The text as Markdown that shows it: no markup, no HTML, no other table cell."""
    plain = MARKUP.sub(r"\\\1", one_line(text))
    return plain.replace("&", "&amp;").replace("<", "&lt;")


def csv_of(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as the text of a CSV file; None is empty, no word is a formula or a code."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_in_csv(cell) for cell in row] for row in rows)
    return text.getvalue()


def _in_csv(cell: Any) -> Any:
    """A printable word; one that a spreadsheet would compute, behind an apostrophe."""
    if not isinstance(cell, str):
        return cell
    return f"'{printable(cell)}" if cell.startswith(FORMULA) else printable(cell)


def printable_json(text: str) -> str:
    """A text of JSON in which the same is written as JSON writes it, as `\\u202e`."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written_out(found: re.Match[str]) -> str:
    """A character as its code; a byte that was no UTF-8 as that byte, as `decoded`."""
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
