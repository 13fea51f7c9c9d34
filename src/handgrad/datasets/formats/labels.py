"""Arrays of labels as people keep them: numbers, words, or one column per class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError

QMNIST_COLUMNS = 8  # the first is the digit; the others say who wrote it, and where


def labels_of(array: NumpyArray, source: str) -> NumpyArray:
    """The labels, (count,), int64 or text; DatasetError for anything else.

    Shapes
        array  (count,), (count, 1), (count, classes) with a single 1 in each row, or
               (count, 8) as QMNIST has them
    """
    flat = _column(array, source)
    if flat.dtype.kind in "US":
        words = flat.astype(str)
        blank = np.flatnonzero(np.char.strip(words) == "")
        if len(blank):
            raise DatasetError(
                f"{source}: image {blank[0]} has no label. Add it, or take the image "
                "out."
            )
        return words
    if flat.dtype.kind in "biu":
        return flat.astype(np.int64)
    if flat.dtype.kind == "f" and np.isfinite(flat).all() and not (flat % 1).any():
        return flat.astype(np.int64)
    raise DatasetError(
        f"{source} holds labels that are neither whole numbers nor words "
        f"({flat.dtype}). Give each image the number or the name of its class."
    )


def labels_in(cells: Sequence[str], source: str) -> NumpyArray:
    """The labels in the cells of a table: numbers if all are, else words."""
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


def named(label: Any) -> str:
    """A label as the name of its class."""
    return str(label).strip()


def ordered(names: set[str]) -> tuple[str, ...]:
    """Class names in the order of their numbers, or else of the alphabet."""
    if all(name.removeprefix("-").isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))
