"""Escaping of untrusted names for terminals, Markdown, CSV and JSON.

The name of a folder or a file may contain anything: terminal control sequences,
bidirectional text marks, the start of a formula or of HTML, bytes that are not UTF-8.
"""

import csv
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

# control characters except newline and tab, bidirectional marks, bytes that were not
# UTF-8 (surrogates), and two characters that XML excludes
UNSEEN = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
MARKUP = re.compile(r"([\\`*\[\]|])")
LONGEST = 100  # characters of a name within that of a file
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets evaluate cells with these


def decoded(name: str) -> str:
    """A name from the file system, with bytes that are not UTF-8 as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def composed(name: str) -> str:
    """Normalize a name to NFC: each accented letter as one character.

    File names on macOS may be decomposed (NFD): a letter and its accent, which look the
    same.
    """
    return unicodedata.normalize("NFC", name)


def nearly_equal(names: Iterable[str]) -> list[list[str]]:
    """Groups of names that differ only in case, blanks or Unicode form.

    Single letters that differ in case, as in sets of letters, are no such group.

    Example
        nearly_equal(["Hat", "hat", "shoe"]) == [["Hat", "hat"]]
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        seen = "".join(c for c in name if c.isprintable() and not c.isspace())
        plain = unicodedata.normalize("NFKC", seen)
        known = plain if len(plain) == 1 else plain.casefold()
        groups.setdefault(unicodedata.normalize("NFKC", known), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def quoted(name: str) -> str:
    """A name in quotes; characters beyond ASCII as escapes unless it is composed."""
    is_plain = unicodedata.normalize("NFKC", name) == name
    return repr(name) if is_plain else ascii(name)


def in_file_name(name: str) -> str:
    """The letters, digits, hyphens and underscores of a name; may be empty."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:LONGEST]


def slug(name: str) -> str:
    """The letters and digits of a name in lower case, with hyphens; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def number_of(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is 1."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def some(names: Sequence[str], most: int) -> str:
    """The first few names, with an ellipsis if there are more."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def one_of(names: Iterable[str]) -> str:
    """Names as a choice: `sgd, adam or adamw`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def printable(text: str) -> str:
    """Escape control characters and bidirectional marks as `\\x1b` or `\\u202e`."""
    return UNSEEN.sub(_written_out, text)


def one_line(text: str) -> str:
    """Escape as `printable` does, and line breaks and tabs as well."""
    return printable(text).replace("\n", r"\n").replace("\t", r"\t")


def in_markdown(text: str) -> str:
    """Escape text for a Markdown table cell: no markup, no HTML, no cell separator."""
    plain = MARKUP.sub(r"\\\1", one_line(text))
    return plain.replace("&", "&amp;").replace("<", "&lt;")


def csv_of(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV, without formulas and control characters; None becomes empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_in_csv(cell) for cell in row] for row in rows)
    return text.getvalue()


def _in_csv(cell: Any) -> Any:
    """Escape a cell; prefix one that a spreadsheet would evaluate by an apostrophe.

    Numbers such as -1 stay as they are.
    """
    if not isinstance(cell, str) or NUMBER.fullmatch(cell):
        return cell
    return f"'{printable(cell)}" if cell.startswith(FORMULA) else printable(cell)


def printable_json(text: str) -> str:
    """Escape the same characters in JSON text, as `\\u202e`."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written_out(found: re.Match[str]) -> str:
    """The escape of a character; of a byte that was not UTF-8, as in `decoded`."""
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode("ascii")
