"""Conversion of image arrays in usual layouts to bytes in the layout of a network.

(count, height, width)                  grey
(count, height, width, 1 or 3)          channels last
(count, 1 or 3, height, width)          channels first
(count, size * size) or (count, 3 * size * size)    rows of square images

bytes, and whole numbers from 0 to 255  unchanged, apart from rounding errors of floats
fractions from 0 to 1                   multiplied by 255
"""

from math import isqrt

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError, warn
from handgrad.free_memory import check_memory

SAMPLED = 256  # images
ROUNDINGS = 8  # of a byte that was scaled and scaled back, in float32 or less
EXACT = 0.1  # of a byte: half floats of pixels differ by less
READ = (
    "Supported are (count, height, width), with 1 or 3 channels as the second or last "
    "axis, and rows of square images"
)


def images_of(array: NumpyArray, source: str) -> NumpyArray:
    """Return (count, channels, height, width), uint8; DatasetError for others."""
    if array.size == 0:
        raise DatasetError(f"{source} holds no images. Give another file.")
    arranged = _arranged(array, source)
    pixels = np.ascontiguousarray(_bytes(arranged, source))
    if array.ndim == 2 and array.dtype.kind == "f":
        _warn_of_features(arranged, pixels, source)
    return pixels


def _warn_of_features(array: NumpyArray, pixels: NumpyArray, source: str) -> None:
    """Warn of rows of fractions that bytes hold only rounded: perhaps no pixels."""
    scaled = array[:SAMPLED] * (255.0 if array.max() <= 1 else 1.0)
    if np.abs(scaled - pixels[:SAMPLED]).max() > EXACT:
        channels, height, width = pixels.shape[1:]
        kind = "grey" if channels == 1 else "colour"
        warn(
            f"{source}: rows of {channels * height * width} fractions are read as "
            f"{kind} images of {height} x {width} pixels, rounded to bytes. To train "
            'on features, use Python: Classifier("mlp").fit(X, y).'
        )


def square_shape(numbers: int) -> tuple[int, int, int] | None:
    """Return (channels, size, size) of a square image of `numbers` values, or None."""
    for channels in (1, 3):
        side = isqrt(numbers // channels)
        if side > 1 and channels * side * side == numbers:
            return channels, side, side
    return None


def _arranged(array: NumpyArray, source: str) -> NumpyArray:
    if array.ndim == 2 and (shape := square_shape(array.shape[1])) is not None:
        return _squares(array, shape[0], shape[1])
    if array.ndim == 3:
        return array[:, None]
    if array.ndim == 4 and array.shape[3] in (1, 3):
        return np.moveaxis(array, 3, 1)
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return array
    raise DatasetError(
        f"{source} holds an array of shape {array.shape}, which is not images. {READ}."
    )


def _squares(array: NumpyArray, channels: int, side: int) -> NumpyArray:
    """Reshape rows to images, with channels as planes or interleaved.

    Neighbouring pixels are similar: the order with smaller differences is chosen.
    """
    planes = array.reshape(-1, channels, side, side)
    if channels == 1:
        return planes
    pixels = np.moveaxis(array.reshape(-1, side, side, channels), 3, 1)
    steps = [
        np.abs(np.diff(images[:SAMPLED].astype(np.float64))).mean()
        for images in (pixels, planes)
    ]
    return planes if steps[1] < steps[0] else pixels


def _bytes(array: NumpyArray, source: str) -> NumpyArray:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf":
        raise DatasetError(
            f"{source} holds {array.dtype}, which are not pixels. Save them as numbers."
        )
    check_memory(array.size * 8, source)
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):  # true for NaN
        raise DatasetError(
            f"{source} holds pixels from {low} to {high}, expected 0 to 1 or 0 to "
            "255. Rescale them."
        )
    is_fraction = array.dtype.kind == "b" or (array.dtype.kind == "f" and high <= 1)
    if is_fraction:
        return np.rint(array * 255.0).astype(np.uint8)
    found = np.empty(array.shape, np.uint8)
    for place, image in enumerate(array):
        whole = np.rint(image)
        if array.dtype.kind == "f":
            _check_whole(image, whole, source)
        found[place] = whole
    return found


def _check_whole(image: NumpyArray, whole: NumpyArray, source: str) -> None:
    """DatasetError for a fraction above 1, beyond rounding errors."""
    eps = max(np.finfo(image.dtype).eps, np.finfo(np.float32).eps)
    noise = min(0.25, ROUNDINGS * 255 * float(eps))
    wrong = np.abs(image - whole) > noise
    if wrong.any():
        raise DatasetError(
            f"{source} holds the pixel {image[wrong][0]:.7g}, expected fractions from "
            "0 to 1 or integers from 0 to 255. Round or rescale them."
        )
