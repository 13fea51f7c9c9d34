"""CSV files: an optional header, and rows of text.

The encoding is UTF-8 with or without a byte order mark (BOM), UTF-16 with one, or
Latin-1; columns are separated by commas, semicolons or tabs; the file may be compressed
with gzip.
"""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.gzip_files import GZIP, head_of
from handgrad.datasets.image_decoding import SUFFIXES as IMAGE_SUFFIXES
from handgrad.datasets.zip_entries import BROKEN_ZIP
from handgrad.errors import ConfigError, DatasetError, HandgradError, warn
from handgrad.free_memory import check_memory

DELIMITERS = ",;\t"
UNKNOWN = "\ufffd"  # replaces bytes that cannot be decoded
SUFFIXES = (".csv", ".tsv", ".txt")
LONGEST = 1 << 24  # characters of a cell
PIECE = 1 << 26  # bytes unpacked between checks of free memory
BROKEN = (*BROKEN_ZIP, csv.Error)


@dataclass(frozen=True)
class Form:
    """Encoding, delimiter and first rows of a CSV file; `header` may be empty."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    first: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Whether a file is a CSV file, by its name and content."""
    form = form_of(path) if is_text(path) else None
    return form is not None and len(form.first) > 1


def is_text(path: Path) -> bool:
    """Whether a file has the name of a CSV file, compressed or not."""
    names = [suffix.lower() for suffix in path.suffixes]
    return bool(set(names[-2:]) & set(SUFFIXES))


def form_of(path: Path) -> Form | None:
    """Detect the form of a file from its first lines; None if it is not text."""
    head = head_of(path)
    encoding = _encoding(head)
    text = head.decode(encoding, "replace").lstrip("\ufeff")
    if not text.strip() or "\0" in text:
        return None
    line = text.splitlines()[0]
    delimiter = max(DELIMITERS, key=line.count)
    with _opened(path, encoding) as file:
        rows = list(islice(_rows(file, delimiter), 2))
    if not rows:
        return None
    has_header = _is_header(rows[0])
    header = rows[0] if has_header else []
    first = rows[-1] if len(rows) > has_header else []
    names = tuple(name.strip().lower() for name in header)
    return Form(encoding, delimiter, names, tuple(first))


def rows_of(path: Path, form: Form) -> Iterator[list[str]]:
    """Iterate over the rows below the header; DatasetError for another length."""
    with _opened(path, form.encoding) as file:
        rows = _rows(file, form.delimiter)
        if form.header:
            next(rows, None)
        for number, row in enumerate(rows, 1):
            if len(row) != len(form.first):
                raise DatasetError(
                    f"{path}: row {number} has {len(row)} columns, expected "
                    f"{len(form.first)}. Correct or remove the row."
                )
            yield row


def numbers_of(path: Path, form: Form) -> NumpyArray | None:
    """Return all cells, (rows, columns), float32; None if one is not a number."""
    check_memory(4 * path.stat().st_size, str(path))
    with _opened(path, form.encoding) as file:
        try:
            return np.loadtxt(
                file,
                dtype=np.float32,
                comments=None,
                delimiter=form.delimiter,
                skiprows=int(bool(form.header)),
                ndmin=2,
                quotechar='"',
            )
        except ValueError:
            return None


def no_column(
    path: Path, names: Sequence[str], label_from: str | None, hint: str = ""
) -> ConfigError:
    """Return the error for a table without the requested, or any, label column.

    `names` are the candidate columns; `hint` is an alternative next step.
    """
    wanted = "that can be identified" if label_from is None else f"named {label_from}"
    has = f"it has {', '.join(names)}" if any(names) else "it has no header"
    return ConfigError(
        f"{path} has no column of labels {wanted} ({has}). Choose one with "
        f"--label-from COLUMN{hint}."
    )


def warn_of_encoding(path: Path, form: Form, labels: Iterable[str]) -> None:
    """Issue a HandgradWarning for a label that may be decoded wrongly."""
    is_certain = form.encoding != "latin-1"
    doubtful = (
        label
        for label in labels
        if UNKNOWN in label or not (is_certain or label.isascii())
    )
    if (first := next(doubtful, None)) is not None:
        warn(
            f"{path} is not UTF-8, and its encoding is unknown; its label {first} may "
            "be wrong. Save it as UTF-8."
        )


def is_number(text: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_header(row: list[str]) -> bool:
    """Whether a first row is a header: with a label name, or no number or file."""
    words = {cell.lower() for cell in row}
    is_data = any(_are_numbers(word) or word.endswith(IMAGE_SUFFIXES) for word in words)
    return bool(words & {"label", "labels", "class", "target"}) or not is_data


def _are_numbers(cell: str) -> bool:
    """Whether a cell holds one number, or several separated by spaces."""
    return bool(cell) and all(map(is_number, cell.split()))


def _rows(file: TextIO, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST)
    rows = csv.reader(file, delimiter=delimiter)
    return ([cell.strip() for cell in row] for row in rows if any(map(str.strip, row)))


class _Unpacked(gzip.GzipFile):
    """A compressed file that checks the free memory after every piece read."""

    seen = 0

    def read1(self, size: int = -1) -> bytes:
        content = super().read1(size)
        before, self.seen = self.seen, self.seen + len(content)
        if before // PIECE != self.seen // PIECE:
            check_memory(4 * PIECE, str(self.name))
        return content


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == GZIP
            raw.seek(0)
            stream = _Unpacked(fileobj=raw) if is_gzip else raw
            with io.TextIOWrapper(stream, encoding, "replace", newline="") as file:
                yield file
    except BROKEN as error:
        if isinstance(error, HandgradError):
            raise
        raise DatasetError(
            f"{path} cannot be read as CSV ({error}). Save it again, or remove it."
        ) from error


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: head.rfind(b"\n") + 1 or None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"
