"""Errors for examples that are no array of numbers, such as paths or a generator."""

from collections.abc import Iterator, Mapping, Set
from os import PathLike
from typing import Any

import numpy as np

from handgrad.datasets.array_input import as_array
from handgrad.datasets.dataset import Dataset, Split
from handgrad.errors import DatasetError
from handgrad.ranges import shown

READ = (
    "Read the files first: a folder with handgrad.datasets.load(FOLDER), a single file "
    "with read_image(FILE) of the trained network (trained_ of a Classifier)."
)
CHANGES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (Iterator, "Convert it with list(...)."),
    (Dataset, "Give its train.images and train.targets."),
    (Split, "Give its images and targets."),
    ((Mapping, Set, type(None)), "Give an array, or a list of arrays."),
)


def as_example_array(examples: Any) -> Any:
    """Convert examples as `as_array` does; DatasetError as `check_examples`."""
    check_examples(examples)
    return as_array(examples)


def check_examples(examples: Any) -> None:
    """Raise DatasetError for what is no array of numbers, with the next step.

    That are paths, generators, mappings, data sets, data frames with text, and a
    series, a column or an array of objects that holds arrays. The first example stands
    for all.
    """
    if hasattr(examples, "columns"):
        _check_row(examples)
        return
    for kinds, change in CHANGES:
        if isinstance(examples, kinds) and not hasattr(examples, "dtype"):  # sparse
            kind = type(examples).__name__.removesuffix("Type")
            raise DatasetError(
                f"A classifier takes an array of examples, got a {kind}. {change}"
            )
    first = _first(examples)
    if isinstance(first, str | PathLike):
        raise DatasetError(
            f"A classifier takes arrays of numbers, got the text or path "
            f"{shown(str(first))}. {READ}"
        )
    if hasattr(examples, "dtype") and np.ndim(first):
        raise DatasetError(
            f"A classifier takes one array, got a {type(examples).__name__} of objects "
            "that are arrays. Convert it with list(...)."
        )


def _first(examples: Any) -> Any:
    """The first of a list or of a one-dimensional array of objects; a lone path."""
    if isinstance(examples, str | PathLike):
        return examples
    dtype = getattr(examples, "dtype", None)
    if isinstance(examples, list | tuple) or (
        dtype is not None and _holds_objects(dtype) and len(examples.shape) == 1
    ):
        return next(iter(examples), None)
    return None


def _holds_objects(dtype: Any) -> bool:
    """Whether a type of NumPy, pandas or another library may hold objects or text."""
    return getattr(dtype, "kind", "O") in "OUT"


def _check_row(frame: Any) -> None:
    """Raise DatasetError for a column of text or of arrays, by the first row."""
    rows = np.asarray(frame[:1], dtype=object)
    for name, value in zip(frame.columns, rows[0] if len(rows) else (), strict=False):
        if isinstance(value, str) and not _is_number(value):
            raise DatasetError(
                f"Column {shown(name)} holds text, such as {shown(value)}, but a "
                "classifier takes numbers. Drop it, or encode it as numbers, for "
                "example with pandas.get_dummies."
            )
        if np.ndim(value):
            raise DatasetError(
                f"Column {shown(name)} holds arrays, but a classifier takes one array "
                f"of all. Give list(frame[{shown(name)}])."
            )


def _is_number(text: str) -> bool:
    """Whether scikit-learn converts the text to a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
