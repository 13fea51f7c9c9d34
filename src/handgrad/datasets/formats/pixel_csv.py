"""Images as the rows of a CSV file, as in Kaggle's digit recognizer.

    label,pixel0,pixel1,...     a label and the pixels of a square image in each row

The label column has a known name, or is the first column if the number of columns shows
that one is not a pixel; without a header, `--label-from first` or `last` chooses it.
Columns other than a label and numbered pixels are not used; `pixel_columns` puts these
in order. A file without labels, such as Kaggle's `test.csv`, cannot be trained on, but
`handgrad predict` reads it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
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
from handgrad.datasets.formats.pixel_columns import (
    LEAST_PIXELS,
    are_pixels,
    check_first_is_label,
    in_order,
    is_wrong,
    no_number,
    numbered,
    wrong_columns,
)
from handgrad.errors import ConfigError, DatasetError

ROWS = 4096  # parsed at once
ENDS = {"first": 0, "last": -1}  # label columns without a header
NO_PIXELS = {"id", "index", "imageid", "usage", "", "unnamed: 0"}


@dataclass(frozen=True)
class Columns:
    """The columns of pixels, the label column, and other columns.

    `is_certain` is False for a first column of numbers of a file without a header.
    """

    pixels: tuple[int, ...]
    label: int | None
    others: tuple[int, ...] = ()
    is_certain: bool = True


def is_pixel_csv(path: Path) -> bool:
    """Whether a file is a CSV file of pixels, by its cells or by its names."""
    form = form_of(path) if is_table(path) else None
    return form is not None and (
        are_pixels(form.header) or columns_of(form) is not None
    )


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
    if not form.header:
        label = _end(form, label_from)
    pixels = [place for place in range(count) if place not in (label, *others)]
    numbers = {*numbered(names)}
    found = [place for place in pixels if place in numbers]
    rest = [place for place in pixels if place not in numbers]
    if square_shape(len(found)) is None:
        if found and (label is not None or are_pixels(names)):
            return None
        rest = pixels[:1] if square_shape(len(pixels)) is None else []
        found = pixels[len(rest) :]
    is_certain = bool(form.header) or label is not None
    if label is None and label_from is None and len(rest) == 1:
        label = rest[0]
    spare = {*range(count)} - {label, *found}
    others = [place for place in sorted(spare) if names[place] not in NO_PIXELS]
    if len(found) < LEAST_PIXELS or square_shape(len(found)) is None:
        return None
    are_numbers = all(is_number(form.first[place]) for place in found)
    ordered = in_order(names, found)
    if ordered is None or not (are_numbers or are_pixels(names)):
        return None
    return Columns(ordered, label, tuple(others), is_certain or label is None)


def _end(form: Form, label_from: str | None) -> int | None:
    """The first or last column, if chosen or the only one that is not a number."""
    if label_from is not None:
        place = ENDS.get(label_from.strip().lower())
        return None if place is None else place % len(form.first)
    words = [n for n, cell in enumerate(form.first) if not is_number(cell)]
    return words[0] if words in ([0], [len(form.first) - 1]) else None


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
    is_end = label_from is not None and label_from.strip().lower() in ENDS
    if form is not None and label_from is not None and not (form.header or is_end):
        raise no_column(path, (), label_from)
    columns = columns_of(form, label_from) if form is not None else None
    if form is None or columns is None:
        wrong = None if form is None else wrong_columns(path, form)
        raise wrong or DatasetError(
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
    if numbers is None or numbers.shape[1] != len(form.first):
        return _read_cells(path, form, columns)
    if not columns.is_certain:
        check_first_is_label(path, numbers)
    pixels = numbers[:, columns.pixels]
    if np.isnan(pixels).any():
        return _read_cells(path, form, columns)
    images, label = images_of(pixels, str(path)), columns.label
    return images, None if label is None else labels_of(numbers[:, label], str(path))


def _read_cells(
    path: Path, form: Form, columns: Columns
) -> tuple[NumpyArray, NumpyArray | None]:
    """Read cell by cell: for labels that are strings, and to locate a wrong cell."""
    blocks: list[NumpyArray] = []
    labels: list[str] = []
    rows = rows_of(path, form)
    while batch := list(islice(rows, ROWS)):
        if columns.label is not None:
            labels += [row[columns.label] for row in batch]
        blocks.append(_numbers(batch, len(blocks) * ROWS, path, form, columns))
    images = images_of(np.concatenate(blocks), str(path))
    warn_of_encoding(path, form, sorted(set(labels)))
    return images, labels_in(labels, str(path)) if columns.label is not None else None


def _numbers(
    rows: Sequence[Sequence[str]], before: int, path: Path, form: Form, columns: Columns
) -> NumpyArray:
    """The pixels of these rows, (rows, pixels); `before` counts the rows above."""
    with suppress(ValueError), np.errstate(over="ignore"):  # images_of checks infinity
        found = np.array([[r[n] for n in columns.pixels] for r in rows], np.float32)
        if not np.isnan(found).any():
            return found
    row, place = next(
        (row, place)
        for row, cells in enumerate(rows)
        for place in columns.pixels
        if is_wrong(cells[place])
    )
    raise no_number(path, form, before + row + 1, place, rows[row][place])
