"""Images as strings of pixels in one column of a CSV file, as in FER2013.

    emotion,pixels,Usage
    0,70 80 82 ...,Training     integers from 0 to 255, of a square image

The usage PublicTest is the validation split, PrivateTest the test split. A file without
labels cannot be trained on, and is ignored.

Source
    Goodfellow and others (2013), Challenges in representation learning: a report on
    three machine learning contests.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.csv_table import (
    Form,
    form_of,
    is_number,
    is_text,
    no_column,
    rows_of,
)
from handgrad.datasets.formats.label_arrays import labels_in
from handgrad.datasets.formats.name_roles import LABELS, split_in
from handgrad.datasets.formats.pixel_arrays import images_of, square_shape
from handgrad.datasets.formats.split_column import splits_in
from handgrad.errors import DatasetError
from handgrad.free_memory import check_memory

LEAST_PIXELS = 16
ROWS = 4096  # rows between checks of free memory
SPLITS = {"usage", "split", "set", "subset"}
EMOTION = "emotion"
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass(frozen=True)
class Columns:
    """The columns, and the number of pixels of an image."""

    pixels: int
    label: int | None
    split: int | None
    count: int


def is_pixel_strings(path: Path) -> bool:
    """Whether a file holds a string of pixels in each row."""
    form = form_of(path) if is_text(path) else None
    return form is not None and columns_of(form) is not None


def columns_of(form: Form, label_from: str | None = None) -> Columns | None:
    """Detect the columns; None unless exactly one holds strings of pixels."""
    if form.header and len(form.header) != len(form.first):
        return None
    sizes = [_size(cell) for cell in form.first]
    strings = [place for place, size in enumerate(sizes) if size]
    if len(strings) != 1:
        return None
    names = form.header or ("",) * len(sizes)
    wanted = {label_from.strip().lower()} if label_from else {*LABELS, EMOTION}
    labels = [n for n, name in enumerate(names) if name in wanted and n != strings[0]]
    if not form.header and len(sizes) == 2 and label_from is None:
        labels = [1 - strings[0]]
    splits = [place for place, name in enumerate(names) if name in SPLITS]
    return Columns(
        strings[0],
        labels[0] if labels else None,
        splits[0] if splits else None,
        sizes[strings[0]],
    )


def read_pixel_strings(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read images and labels of these files; files without labels are ignored."""
    parts: list[Part] = []
    names: dict[int, str] = {}
    notes = []
    for path in paths:
        form, columns = _form(path, label_from)
        if columns.label is None:
            notes.append(f"{path.name}, which has no labels")
            continue
        parts += _parts(path, form, columns)
        if form.header and form.header[columns.label] == EMOTION:
            names = dict(enumerate(EMOTIONS))
    if not parts and label_from:
        raise no_column(paths[0], _form(paths[0], None)[0].header, label_from)
    if not parts:
        raise DatasetError(
            f"{paths[0]} holds images without labels, but training needs labels. Give "
            "a file with a column named label or emotion, or use handgrad predict for "
            "this one."
        )
    return Arrays(tuple(parts), names, tuple(notes))


def read_strings(path: Path) -> NumpyArray:
    """Read the images of a file, with or without labels.

    Shapes
        images  (count, 1 or 3, height, width), uint8
    """
    form, columns = _form(path, None)
    rows = [pixels for pixels, _, _ in _rows(path, form, columns)]
    return images_of(np.stack(rows), str(path))


def _form(path: Path, label_from: str | None) -> tuple[Form, Columns]:
    form = form_of(path)
    columns = columns_of(form, label_from) if form is not None else None
    if form is None or columns is None:
        raise DatasetError(
            f"{path} holds no column with the pixels of a square image in each row. "
            "Correct or remove its first row."
        )
    return form, columns


def _parts(path: Path, form: Form, columns: Columns) -> Iterator[Part]:
    """Return the images of each split, as given by the rows or the file name."""
    images: dict[str, list[NumpyArray]] = defaultdict(list)
    labels: dict[str, list[str]] = defaultdict(list)
    splits = splits_in(path, form, columns.split)
    for pixels, label, usage in _rows(path, form, columns):
        split = splits.get(usage) or split_in(path.stem)
        images[split].append(pixels)
        labels[split].append(label)
    for split, rows in images.items():
        pixels = images_of(np.stack(rows), str(path))
        yield Part(str(path), split, pixels, labels_in(labels[split], str(path)))


def _rows(
    path: Path, form: Form, columns: Columns
) -> Iterator[tuple[NumpyArray, str, str]]:
    """The pixels, the label and the usage of each row."""
    for number, row in enumerate(rows_of(path, form), 1):
        if number % ROWS == 1:
            check_memory(2 * ROWS * columns.count, str(path))
        yield (
            _pixels(row[columns.pixels], columns.count, path, number),
            row[columns.label] if columns.label is not None else "",
            row[columns.split] if columns.split is not None else "",
        )


def _pixels(cell: str, count: int, path: Path, number: int) -> NumpyArray:
    words = cell.split()
    if len(words) != count:
        raise DatasetError(
            f"{path}: row {number} has {len(words)} pixels, but the first has {count}. "
            "Correct or remove the row."
        )
    try:
        values = np.array(words, np.float64)
        is_in_range = bool(((values >= 0) & (values <= 255)).all())  # false for NaN
        is_right = is_in_range and not (values % 1).any()
    except (ValueError, OverflowError):
        is_right = False
    if not is_right:
        raise DatasetError(
            f"{path}: row {number} has a pixel that is not an integer from 0 to "
            "255. Correct or remove the row."
        )
    return values.astype(np.uint8)


def _size(cell: str) -> int:
    """Number of pixels in a cell; 0 if it does not hold a square image."""
    words = cell.split()
    is_image = len(words) >= LEAST_PIXELS and square_shape(len(words)) is not None
    return len(words) if is_image and all(map(is_number, words)) else 0
