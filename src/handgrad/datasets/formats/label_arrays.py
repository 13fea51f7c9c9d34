"""Arrays of labels: numbers, strings, or one-hot columns."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.csv_table import is_number
from handgrad.errors import DatasetError

MOST_DECIMALS = 0.5  # classes named by decimals, of an image
QMNIST_COLUMNS = 8  # the first is the digit; the others describe its writer


def labels_of(array: NumpyArray, source: str) -> NumpyArray:
    """Return the labels, (count,), int64 or text; DatasetError for anything else.

    Shapes
        array  (count,), (count, 1), (count, classes) with a single 1 in each row, or
               (count, 8) as QMNIST has them
    """
    flat = _column(array, source)
    if flat.dtype.kind in "US":
        words = _words(flat, source)
        blank = np.flatnonzero(np.char.strip(words) == "")
        if len(blank):
            raise DatasetError(
                f"{source}: image {blank[0]} has no label. Add it, or remove the image."
            )
        return words
    is_whole = flat.dtype.kind in "biu" or (
        flat.dtype.kind == "f" and np.isfinite(flat).all() and not (flat % 1).any()
    )
    if is_whole:
        return _whole(flat, source)
    raise DatasetError(
        f"{source} holds labels that are neither integers nor strings "
        f"({flat.dtype}). Give each image the number or the name of its class."
    )


def _words(flat: NumpyArray, source: str) -> NumpyArray:
    """Return labels as text; DatasetError for bytes that are not UTF-8."""
    if flat.dtype.kind == "U":
        return flat
    try:
        return np.array([label.decode() for label in flat.tolist()], dtype=np.str_)
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{source} holds the label {error.object!r}, which is not UTF-8. Save "
            "the labels as text."
        ) from error


def _whole(flat: NumpyArray, source: str) -> NumpyArray:
    """Return labels as int64; DatasetError for numbers too large to be exact."""
    most = 2**53 if flat.dtype.kind == "f" else 2**63 - 1
    for label in (flat.min(), flat.max()) if len(flat) else ():
        if not -most <= int(label) <= most:
            raise DatasetError(
                f"{source} holds the label {label}, but the limit is {most:,}. "
                "Give each image the number or the name of its class."
            )
    return flat.astype(np.int64)


def labels_in(cells: Sequence[str], source: str) -> NumpyArray:
    """Return the labels in cells of a table: numbers if all are, else strings."""
    words = np.array(cells)
    try:
        numbers = words.astype(np.float64)
    except ValueError:
        return labels_of(words, source)
    return labels_of(numbers, source)


def _column(array: NumpyArray, source: str) -> NumpyArray:
    if array.ndim == 1:
        return array
    if array.ndim == 2 and 1 in array.shape:
        return array.reshape(-1)
    if array.ndim == 2 and array.dtype.kind in "biuf":
        one_hot = ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
        if one_hot:
            column: NumpyArray = array.argmax(axis=1)
            return column
        if array.shape[1] == QMNIST_COLUMNS and array.dtype.kind in "iu":
            return array[:, 0]
    raise DatasetError(
        f"{source} holds labels of shape {array.shape}. Give each image one label."
    )


def check_are_classes(labels: Collection[str], count: int, source: str) -> None:
    """DatasetError for labels that are measured numbers, nearly one for each image."""
    if len(labels) <= MOST_DECIMALS * count or not all(map(is_number, labels)):
        return
    decimal = next((label for label in sorted(labels) if float(label) % 1), None)
    if decimal is not None:
        raise DatasetError(
            f"{source} gives {count:,} images {len(labels):,} different numbers, such "
            f"as {decimal}: these are measurements, not classes. Choose the column of "
            "the classes by --label-from, or round them to a few classes."
        )


def named(label: Any) -> str:
    """Return the class name of a label."""
    return str(label).strip()


def ordered(names: set[str]) -> tuple[str, ...]:
    """Sort class names numerically if all are numbers, else alphabetically."""
    if all(name.removeprefix("-").isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))
