"""Validation of users' arrays: layout, dtype and finite values."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.datasets.dataset import check_not_masked
from handgrad.datasets.image_lists import alike
from handgrad.datasets.normalization import LEAST
from handgrad.errors import DatasetError, ShapeError
from handgrad.ranges import shown

Channels = Literal["first", "last"] | None
CHANNEL_COUNTS = (1, 3)
PIECE = 1 << 20  # numbers checked or converted at a time
FLOAT_BYTES = 4
FLOAT32_DIGITS = 64 * np.finfo(np.float32).eps


@dataclass(frozen=True)
class InputForm:
    """Shape and dtype of the examples of a classifier.

    Shapes
        shape     (features,) or (channels, height, width)
        dtype     "uint8" for bytes, "float32" for all other numbers
        channels  position of the channel axis in arrays with four axes, else None
        columns   names of the features, if they have names
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
    """Return the form of training examples; ShapeError if it is ambiguous.

    Shapes
        array  (count, features), (count, height, width),
               (count, height, width, 1 or 3) or (count, 1 or 3, height, width)
    """
    if channels not in (None, "first", "last"):
        raise ShapeError(
            f'channels must be "first", "last" or None, got {shown(channels)}. Set it '
            "to the position of the channel axis of the images."
        )
    check_numbers(array)
    dtype = "uint8" if array.dtype == np.uint8 else "float32"
    sizes = tuple(array.shape[1:])
    if 0 in sizes:
        raise ShapeError(
            "Examples must have at least one number each, got an array of shape "
            f"{array.shape}. Give images or vectors that are not empty."
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
        "Examples must be vectors (count, features) or images (count, height, width), "
        "(count, height, width, channels) or (count, channels, height, width), got "
        f"{array.shape}. Reshape them."
    )


def as_examples(
    array: NumpyArray, form: InputForm, training: bool = False
) -> NumpyArray:
    """Return contiguous examples (count, *form.shape), uint8 or float32.

    An array that has this layout and dtype already is not copied. DatasetError for NaN
    and infinity, naming row and column; ShapeError for another size.
    """
    check_numbers(array)
    arranged = _arranged(array, form)
    if form.dtype == "uint8":
        return np.ascontiguousarray(_bytes(arranged))
    if array.dtype == np.uint8 and not training:
        raise DatasetError(
            "The classifier was trained on data that was not uint8, got uint8. Convert "
            "it exactly as the training data, for example with astype('float32')."
        )
    if training and array.dtype.itemsize > FLOAT_BYTES and array.size:
        _check_digits(arranged)
    return _floats(arranged)


def check_numbers(array: NumpyArray) -> None:
    """Raise DatasetError for dates and durations."""
    if array.dtype.kind in "mM":
        raise DatasetError(
            f"A classifier takes numbers, got {array.dtype}. Convert dates to numbers "
            "of days: subtract a date and divide by numpy.timedelta64(1, 'D')."
        )


def check_finite(array: NumpyArray, infinity: str = "infinity") -> None:
    """Raise DatasetError naming row and column of the first NaN or infinity."""
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
            where = (
                f"column {place[0]}" if len(place) == 1 else f"position {tuple(place)}"
            )
            raise DatasetError(
                f"Row {start + row}, {where} holds {what}, but a classifier takes "
                "finite numbers. Replace the value, or remove the row."
            )


def _channel_axis(sizes: Shape, channels: Channels) -> Literal["first", "last"]:
    if channels is not None:
        return channels
    is_first, is_last = sizes[0] in CHANNEL_COUNTS, sizes[2] in CHANNEL_COUNTS
    if is_first != is_last:
        return "first" if is_first else "last"
    which = (
        "both the first and the last" if is_first else "neither the first nor the last"
    )
    raise ShapeError(
        f"The channel axis of images of shape {sizes} is ambiguous: {which} axis has "
        'size 1 or 3. Set channels="first" for (count, channels, height, width), or '
        'channels="last".'
    )


def _arranged(array: NumpyArray, form: InputForm) -> NumpyArray:
    """Return a view of the array as (count, *form.shape)."""
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
    hint = (
        "Resize them, or read files with read_image(FILE) of the trained network "
        "(trained_ of a Classifier)."
    )
    if with_count(array, form) is not array:
        hint = "For a single image, pass X[None]."
    raise ShapeError(
        f"The classifier takes images of shape {_named(other)} or "
        f"{_named(wanted)}, got {array.shape}. {hint}"
    )


def _named(shape: Shape) -> str:
    """Format the shape of a batch: (count, 1, 28, 28)."""
    return f"(count, {', '.join(map(str, shape))})"


def with_count(array: NumpyArray, form: InputForm) -> NumpyArray:
    """Add the batch axis to a single example; return a batch unchanged."""
    shapes = [form.shape, (*form.shape[1:], form.shape[0])]
    if form.is_image and form.shape[0] == 1:
        shapes.append(form.shape[1:])
    return array[None] if array.shape in shapes else array


def _bytes(array: NumpyArray) -> NumpyArray:
    """Convert integers from 0 to 255 to uint8."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iu":
        raise ShapeError(
            f"The classifier takes images as uint8, got {array.dtype}. Pass pixels "
            "from 0 to 255; the classifier normalizes them itself."
        )
    if array.size and (array.min() < 0 or array.max() > 255):
        raise DatasetError(
            f"The classifier takes pixels from 0 to 255, got {array.min()} to "
            f"{array.max()}. Scale them as in training."
        )
    return array.astype(np.uint8)


def _floats(array: NumpyArray) -> NumpyArray:
    """Convert to contiguous float32."""
    if array.dtype.kind == "f":
        check_finite(array)
    if array.dtype == np.float32:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(array, dtype=np.float32)
    check_finite(found, "a number outside the range of float32")
    return found


def _check_digits(array: NumpyArray) -> None:
    """Raise DatasetError for a column whose range float32 cannot resolve."""
    axes = (0, *range(2, array.ndim))
    low, high = array.min(axis=axes), array.max(axis=axes)
    spread = high.astype(np.float64) - low
    largest = np.maximum(np.abs(low.astype(np.float64)), np.abs(high))
    least = np.maximum(FLOAT32_DIGITS * largest, LEAST)
    lost = np.flatnonzero((spread > 0) & (spread < least))
    if len(lost):
        column = int(lost[0])
        raise DatasetError(
            f"Column {column} ranges from {low[column]} to {high[column]}, too narrow "
            "for float32, in which the classifier computes. Standardize it first, for "
            "example with scikit-learn's StandardScaler."
        )


def to_array(values: Any) -> NumpyArray:
    """Convert torch tensors, data frames, images, lists and the like to NumPy arrays.

    DatasetError for a masked array that masks a value; see also `image_lists.alike`.
    """
    check_not_masked(values)
    values = alike(values)
    is_half = "bfloat16" in str(getattr(values, "dtype", ""))  # NumPy has no bfloat16
    return to_numpy(values.float() if is_half else values)


def as_array(values: Any) -> Any:
    """Convert torch tensors and images to arrays; scikit-learn converts all else.

    DatasetError for masked values, whose mask scikit-learn would ignore; see also
    `image_lists.alike`.
    """
    check_not_masked(values)
    return to_array(values) if hasattr(values, "detach") else alike(values)
