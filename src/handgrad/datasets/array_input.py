"""Users' arrays as examples for a network: layout, dtype and finite values."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.datasets.dataset import check_not_masked
from handgrad.datasets.normalization import LEAST
from handgrad.errors import DatasetError, ShapeError
from handgrad.ranges import shown

Channels = Literal["first", "last"] | None
CHANNEL_COUNTS = (1, 3)
PIECE = 1 << 20  # numbers looked at or converted at once
FLOAT_BYTES = 4
FLOAT32_DIGITS = 64 * np.finfo(np.float32).eps


@dataclass(frozen=True)
class InputForm:
    """What the examples of a classifier look like.

    Shapes
        shape     (features,) or (channels, height, width)
        dtype     "uint8": bytes stay bytes; "float32": all other numbers
        channels  where images had their channel axis, if that must be known
        columns   the names of the features, if they have names
    """

    shape: Shape
    dtype: str
    channels: Channels = None
    columns: tuple[str, ...] | None = None

    @property
    def is_image(self) -> bool:
        """Whether examples are images rather than vectors."""
        return len(self.shape) == 3


def form_of(array: NumpyArray, channels: Channels = None) -> InputForm:
    """The form of training examples; ShapeError where the channel axis is in doubt.

    Shapes
        array  (count, features), (count, height, width),
               (count, height, width, 1 or 3) or (count, 1 or 3, height, width)
    """
    if channels not in (None, "first", "last"):
        raise ShapeError(
            f'channels is "first", "last" or None, got {shown(channels)}. Say where '
            "the images have their channel axis."
        )
    check_numbers(array)
    dtype = "uint8" if array.dtype == np.uint8 else "float32"
    sizes = tuple(array.shape[1:])
    if 0 in sizes:
        raise ShapeError(
            f"Examples hold at least one number each, got {array.shape}. Give images "
            "or vectors with a size."
        )
    if array.ndim == 2:
        return InputForm(sizes, dtype)
    if array.ndim == 3:
        return InputForm((1, *sizes), dtype)
    if array.ndim == 4:
        place = _channel_axis(sizes, channels)
        shape = sizes if place == "first" else (sizes[2], *sizes[:2])
        return InputForm(shape, dtype, place)
    raise ShapeError(
        "Examples are vectors (count, features) or images (count, height, width), "
        "(count, height, width, channels) or (count, channels, height, width), got "
        f"{array.shape}. Reshape them."
    )


def as_examples(
    array: NumpyArray, form: InputForm, training: bool = False
) -> NumpyArray:
    """Examples (count, *form.shape) side by side in memory, uint8 or float32.

    Nothing is copied that has this layout and dtype already. DatasetError for NaN and
    infinity, by row and column; ShapeError for another size.
    """
    check_numbers(array)
    arranged = _arranged(array, form)
    if form.dtype == "uint8":
        return np.ascontiguousarray(_bytes(arranged))
    if array.dtype == np.uint8 and not training:
        raise DatasetError(
            "The classifier was trained on numbers that are not bytes, got uint8. "
            "Convert them exactly as the training data was, for example with "
            "astype('float32')."
        )
    if training and array.dtype.itemsize > FLOAT_BYTES and array.size:
        _check_digits(arranged)
    return _floats(arranged)


def check_numbers(array: NumpyArray) -> None:
    """DatasetError for dates and durations, which are no numbers to compute with."""
    if array.dtype.kind in "mM":
        raise DatasetError(
            f"A classifier computes with numbers, got {array.dtype}. Subtract a date, "
            "divide by numpy.timedelta64(1, 'D'), and give the number of days."
        )


def check_finite(array: NumpyArray, infinity: str = "infinity") -> None:
    """DatasetError that names the row and column of the first NaN or infinity."""
    size = max(1, PIECE // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), size):
        part = array[start : start + size]
        with np.errstate(all="ignore"):
            if np.isfinite(part.sum(dtype=np.float64)):
                continue
        wrong = np.argwhere(~np.isfinite(part))
        if len(wrong):
            row, *place = (int(number) for number in wrong[0])
            what = "NaN" if np.isnan(part[tuple(wrong[0])]) else infinity
            where = f"column {place[0]}" if len(place) == 1 else f"place {tuple(place)}"
            raise DatasetError(
                f"Row {start + row}, {where} holds {what}, and a classifier takes "
                "finite numbers. Fill it in, or leave the row out."
            )


def _channel_axis(sizes: Shape, channels: Channels) -> Literal["first", "last"]:
    if channels is not None:
        return channels
    is_first, is_last = sizes[0] in CHANNEL_COUNTS, sizes[2] in CHANNEL_COUNTS
    if is_first != is_last:
        return "first" if is_first else "last"
    which = "either end" if is_first else "neither end"
    raise ShapeError(
        f"Images of shape {sizes} could have their channels at {which}. Say "
        'channels="first" for (count, channels, height, width) or channels="last".'
    )


def _arranged(array: NumpyArray, form: InputForm) -> NumpyArray:
    """The same numbers as (count, *form.shape): a view."""
    sizes, wanted = tuple(array.shape[1:]), form.shape
    if not form.is_image:
        if sizes == wanted:
            return array
        raise ShapeError(
            f"X has {sizes[0] if len(sizes) == 1 else sizes} features, but Classifier "
            f"is expecting {wanted[0]} features as input. Give vectors "
            f"(count, {wanted[0]})."
        )
    last = (*wanted[1:], wanted[0])
    if sizes == last and (sizes != wanted or form.channels == "last"):
        return np.moveaxis(array, 3, 1)
    if sizes == wanted:
        return array
    if wanted[0] == 1 and sizes == wanted[1:]:
        return array[:, None]
    other = last if wanted[0] > 1 else wanted[1:]
    hint = "Resize them, or read files with read_image."
    if with_count(array, form) is not array:
        hint = "For one image, give X[None]."
    raise ShapeError(
        f"The classifier takes images of shape {_named(other)} or "
        f"{_named(wanted)}, got {array.shape}. {hint}"
    )


def _named(shape: Shape) -> str:
    """The shape of a batch: (count, 1, 28, 28)."""
    return f"(count, {', '.join(map(str, shape))})"


def with_count(array: NumpyArray, form: InputForm) -> NumpyArray:
    """One example without the first axis as a batch of one; a batch as it is."""
    shapes = [form.shape, (*form.shape[1:], form.shape[0])]
    if form.is_image and form.shape[0] == 1:
        shapes.append(form.shape[1:])
    return array[None] if array.shape in shapes else array


def _bytes(array: NumpyArray) -> NumpyArray:
    """Bytes as they are, and whole numbers from 0 to 255 as bytes."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iu":
        raise ShapeError(
            f"The classifier takes images as bytes (uint8), got {array.dtype}. "
            "Give pixels from 0 to 255; it normalises them itself."
        )
    if array.size and (array.min() < 0 or array.max() > 255):
        raise DatasetError(
            f"The classifier takes pixels from 0 to 255, got {array.min()} to "
            f"{array.max()}. Give them as they were in training."
        )
    return array.astype(np.uint8)


def _floats(array: NumpyArray) -> NumpyArray:
    """The numbers as float32, side by side."""
    if array.dtype.kind == "f":
        check_finite(array)
    if array.dtype == np.float32:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(array, dtype=np.float32)
    check_finite(found, "a number beyond float32")
    return found


def _check_digits(array: NumpyArray) -> None:
    """DatasetError for a column whose values float32 cannot tell apart."""
    axes = (0, *range(2, array.ndim))
    low, high = array.min(axis=axes), array.max(axis=axes)
    spread = high.astype(np.float64) - low
    largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high))
    least = np.maximum(FLOAT32_DIGITS * largest, LEAST)
    lost = np.flatnonzero((spread > 0) & (spread < least))
    if len(lost):
        column = int(lost[0])
        raise DatasetError(
            f"Column {column} goes from {low[column]} to {high[column]}, too close "
            "together for float32, in which the classifier computes. Standardize it "
            "first, for example with scikit-learn's StandardScaler."
        )


def to_array(values: Any) -> NumpyArray:
    """Anything with an array in it, as NumPy's: torch tensors, data frames, lists.

    DatasetError for a masked array that masks a value.
    """
    check_not_masked(values)
    is_half = "bfloat16" in str(getattr(values, "dtype", ""))  # NumPy has no such
    return to_numpy(values.float() if is_half else values)


def as_array(values: Any) -> Any:
    """Torch tensors as NumPy arrays; all else is scikit-learn's to read.

    DatasetError for masked values, which scikit-learn would read.
    """
    check_not_masked(values)
    return to_array(values) if hasattr(values, "detach") else values


def as_labels(labels: Any) -> Any:
    """The labels as `as_array` gives them.

    DatasetError for None among them, and for words among numbers in a list.
    """
    given = as_array(labels)
    is_open = getattr(getattr(given, "dtype", None), "kind", "") == "O"
    if isinstance(given, list | tuple) or (is_open and given.ndim):
        places = [place for place, label in enumerate(given) if label is None]
        if places:
            raise DatasetError(
                f"Example {places[0]}, counted from 0, has None as its label. Give it "
                "a label, or leave the example out."
            )
    if isinstance(given, list | tuple):
        words = [isinstance(label, str) for label in given]
        if any(words) and not all(words):
            place = words.index(not words[0])
            raise DatasetError(
                f"The labels hold words and numbers, such as {shown(given[0])} and "
                f"{shown(given[place])}. Give labels of one kind."
            )
    return given
