"""Images as the rows of a CSV file, as in Kaggle's digit recognizer.

    label,pixel0,pixel1,...     a label and the pixels of a square image in each row

The label column has a known name, or is the first column if the number of columns shows
that one is not a pixel. Columns other than a label and numbered pixels are not used. A
file without labels, such as Kaggle's `test.csv`, cannot be trained on, but
`handgrad predict` reads it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.csv_table import (
    Form,
    form_of,
    is_number,
    is_table,
    no_column,
    numbers_of,
    rows_of,
    warn_of_encoding,
)
from handgrad.datasets.formats.label_arrays import labels_in, labels_of
from handgrad.datasets.formats.name_roles import LABELS, split_in
from handgrad.datasets.formats.pixel_arrays import images_of, square_shape
from handgrad.errors import ConfigError, DatasetError

LEAST_PIXELS = 16
ROWS = 4096  # parsed at once
NO_PIXELS = {"id", "index", "imageid", "usage", "", "unnamed: 0"}


@dataclass(frozen=True)
class Columns:
    """The columns of pixels, the label column, and other columns."""

    pixels: tuple[int, ...]
    label: int | None
    others: tuple[int, ...] = ()


def is_pixel_csv(path: Path) -> bool:
    """Whether a file is a CSV file of pixels."""
    form = form_of(path) if is_table(path) else None
    return form is not None and columns_of(form) is not None


def columns_of(form: Form, label_from: str | None = None) -> Columns | None:
    """Detect the columns; None if the rows are not square images."""
    count = len(form.first)
    if form.header and len(form.header) != count:
        return None
    names = form.header or ("?",) * count
    wanted = LABELS if label_from is None else {label_from.strip().lower()}
    labels = [place for place, name in enumerate(names) if name in wanted]
    others = [place for place, name in enumerate(names) if name in LABELS | NO_PIXELS]
    label = labels[0] if labels else None
    pixels = [place for place in range(count) if place not in (label, *others)]
    found = [place for place in pixels if place in numbered(names)]
    if square_shape(len(found)) is not None:
        rest = [place for place in pixels if place not in found]
        pixels = found
    else:
        rest = pixels[:1] if square_shape(len(pixels)) is None else []
        pixels = pixels[len(rest) :]
    if label is None and label_from is None and len(rest) == 1:
        label = rest[0]
    spare = {*range(count)} - {label, *pixels}
    others = [place for place in sorted(spare) if names[place] not in NO_PIXELS]
    are_numbers = all(is_number(form.first[place]) for place in pixels)
    is_square = len(pixels) >= LEAST_PIXELS and square_shape(len(pixels)) is not None
    columns = Columns(tuple(pixels), label, tuple(others))
    return columns if is_square and are_numbers else None


def numbered(names: Sequence[str]) -> set[int]:
    """The places of columns whose many names differ in a number only: pixel0."""
    stems = [re.sub(r"\d+", "0", name) for name in names]
    counts = Counter(stems)
    return {n for n, stem in enumerate(stems) if counts[stem] >= LEAST_PIXELS}


def read_pixel_csv(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read images and labels of these files; files without labels are ignored.

    ConfigError if it is ambiguous which column holds the labels.
    """
    parts, notes = [], []
    for path in paths:
        form, columns = _form(path, label_from)
        images, labels = _read(path, form, columns)
        if labels is not None:
            parts.append(Part(str(path), split_in(path.name), images, labels))
            notes += [f"{form.header[n]} of {path.name}" for n in columns.others]
        elif columns.others and label_from is None:
            raise _no_label(path, None)
        else:
            notes.append(f"{path.name}, which has no labels")
    if not parts and label_from is not None:
        raise _no_label(paths[0], label_from)
    if not parts:
        raise DatasetError(
            f"{paths[0]} holds images without labels, but training needs labels. Give "
            "a file with a column named label, or use handgrad predict for this one."
        )
    return Arrays(tuple(parts), {}, tuple(notes))


def read_rows(path: Path) -> tuple[NumpyArray, NumpyArray | None]:
    """Read the images of a file, and their labels, if it has any.

    Shapes
        images  (count, 1 or 3, height, width), uint8
        labels  (count,), int64 or text
    """
    return _read(path, *_form(path, None))


def _form(path: Path, label_from: str | None) -> tuple[Form, Columns]:
    form = form_of(path)
    if form is not None and label_from is not None and not form.header:
        raise no_column(path, (), label_from)
    columns = columns_of(form, label_from) if form is not None else None
    if form is None or columns is None:
        raise DatasetError(
            f"{path} holds no rows of square images. Give each image a row: a label, "
            "then its pixels."
        )
    return form, columns


def _no_label(path: Path, label_from: str | None) -> ConfigError:
    form, columns = _form(path, None)
    others = {*range(len(form.first))} - {*columns.pixels}
    return no_column(path, [form.header[n] for n in sorted(others)], label_from)


def _read(
    path: Path, form: Form, columns: Columns
) -> tuple[NumpyArray, NumpyArray | None]:
    numbers = numbers_of(path, form)
    if numbers is not None and numbers.shape[1] == len(form.first):
        pixels = images_of(numbers[:, columns.pixels], str(path))
        label = columns.label
        return pixels, None if label is None else labels_of(
            numbers[:, label], str(path)
        )
    return _read_cells(path, form, columns)


def _read_cells(
    path: Path, form: Form, columns: Columns
) -> tuple[NumpyArray, NumpyArray | None]:
    """Read cell by cell: for labels that are strings, and to locate a wrong cell."""
    blocks, labels = [], []
    batch: list[list[str]] = []
    for row in rows_of(path, form):
        batch.append(row)
        if columns.label is not None:
            labels.append(row[columns.label])
        if len(batch) == ROWS:
            blocks.append(_numbers(batch, columns, path))
            batch = []
    if batch:
        blocks.append(_numbers(batch, columns, path))
    images = images_of(np.concatenate(blocks), str(path))
    warn_of_encoding(path, form, sorted(set(labels)))
    return images, labels_in(labels, str(path)) if columns.label is not None else None


def _numbers(rows: Sequence[Sequence[str]], columns: Columns, path: Path) -> NumpyArray:
    try:
        chosen = [[row[place] for place in columns.pixels] for row in rows]
        with np.errstate(over="ignore"):  # images_of refuses infinity
            return np.array(chosen, dtype=np.float32)
    except ValueError as error:
        raise DatasetError(
            f"{path} holds a pixel that is not a number ({error}). Correct or remove "
            "the row."
        ) from error
