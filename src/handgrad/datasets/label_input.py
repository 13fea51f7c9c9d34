"""Users' labels as arrays that keep their values, without missing ones."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.array_input import as_array
from handgrad.errors import DatasetError
from handgrad.ranges import shown

EXACT = "biuf"  # kinds of NumPy's types that hold the numbers of pandas' own types


def as_labels(labels: Any) -> Any:
    """Convert labels as `as_array` does, and those of pandas' own types to NumPy's.

    scikit-learn would convert nullable integers and booleans to floats, in which large
    ones are equal. Arrays of objects that are numbers become arrays of numbers, as
    lists do. DatasetError for a missing label (None, NaN, pandas.NA), for bytes, other
    objects, a generator, and strings beside numbers.
    """
    if isinstance(labels, Iterator):
        raise DatasetError(
            f"Labels are a list or an array, got a {type(labels).__name__}. Convert it "
            "with list(...)."
        )
    given = as_array(labels)
    _check_not_bytes(given)
    if hasattr(given, "isna"):  # a series or another object of pandas
        return _of_pandas(given)
    is_open = getattr(getattr(given, "dtype", None), "kind", "") == "O"
    if isinstance(given, list | tuple) or (is_open and given.ndim):
        for place, label in enumerate(given):
            if is_missing(label):
                raise _missing(place, label)
    if isinstance(given, list | tuple):
        _check_one_type(given)
        is_open = any(np.asarray(label).dtype == object for label in given[:1])
    return _of_objects(np.asarray(given, object)) if is_open else given


def is_missing(label: Any) -> bool:
    """Whether a label is None, NaN or pandas.NA."""
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA is neither true nor false
        return True
    except ValueError:  # an array
        return False


def _check_not_bytes(labels: Any) -> None:
    is_row = hasattr(labels, "__iter__") and getattr(labels, "ndim", 1) == 1
    first = next(iter(labels), None) if is_row else None
    if isinstance(first, bytes):
        raise DatasetError(
            f"The labels are bytes, such as {shown(first)}. Decode them: "
            "[label.decode() for label in labels]."
        )


def _of_pandas(given: Any) -> Any:
    missing = np.asarray(given.isna()).reshape(len(given), -1).any(axis=1)
    if missing.any():
        place = int(missing.argmax())
        raise _missing(place, "missing")
    if getattr(given, "ndim", 1) == 1:
        return _exact(given)
    if given.shape[1] == 1:
        return np.asarray(_exact(given.iloc[:, 0]))[:, None]
    return given


def _exact(series: Any) -> Any:
    """Nullable and Arrow's numbers and booleans as those of NumPy."""
    if hasattr(series.dtype, "categories"):
        series = series.astype(series.dtype.categories.dtype)
    dtype = getattr(series.dtype, "numpy_dtype", None)
    if series.dtype == object:
        return _of_objects(series.to_numpy())
    if dtype is None or dtype.kind not in EXACT:
        return series
    found: NumpyArray = series.to_numpy(dtype=dtype)
    return found


def _of_objects(labels: NumpyArray) -> NumpyArray:
    """Objects that are all numbers or booleans as an array of these; strings as is."""
    values = labels.ravel().tolist()
    _check_one_type(values)
    if not values or isinstance(values[0], str):
        return labels
    with suppress(ValueError):  # arrays of several lengths
        found = np.array(values)
        if found.dtype.kind in EXACT and found.ndim == 1:
            return found.reshape(labels.shape)
    raise DatasetError(
        f"The labels are objects, such as {shown(values[0])}. Give numbers, strings or "
        "booleans, for example str(label)."
    )


def _check_one_type(labels: Sequence[Any]) -> None:
    words = [isinstance(label, str) for label in labels]
    if any(words) and not all(words):
        place = words.index(not words[0])
        raise DatasetError(
            f"The labels mix strings and numbers, such as {shown(labels[0])} and "
            f"{shown(labels[place])}. Give labels of one type."
        )


def _missing(place: int, label: Any) -> DatasetError:
    return DatasetError(
        f"The label of example {place}, counted from 0, is {label}. Give it a label, "
        "or remove the example."
    )
