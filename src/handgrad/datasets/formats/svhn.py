"""Images and labels in MATLAB files, such as SVHN's cropped digits ("format 2").

    X  (32, 32, 3, count), uint8
    y  (count, 1); the label 10 is the digit 0

Arrays of other names are read if they are unambiguous: one array with three or four
axes, and one of labels, one for each image along the last or else the first axis.

Source
    Netzer and others (2011), Reading digits in natural images with unsupervised feature
    learning.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.label_arrays import labels_of
from handgrad.datasets.formats.mat5 import read_mat5
from handgrad.datasets.formats.mat73 import read_mat73
from handgrad.datasets.formats.name_roles import split_in
from handgrad.datasets.formats.pixel_arrays import images_of
from handgrad.errors import DatasetError

TEN = 10
V7_3 = b"MATLAB 7.3 MAT-file"
HEADS = (b"MATLAB 5.0 MAT-file", V7_3)


def read_svhn(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """Read the images of these files; `extra_32x32.mat` only if given alone."""
    extra = [path for path in paths if "extra" in path.stem.lower()]
    chosen = [path for path in paths if path not in extra] or extra
    notes = [path.name for path in extra if path not in chosen]
    return Arrays(tuple(_part(path) for path in chosen), {}, tuple(notes))


def _part(path: Path) -> Part:
    values = _values(path)
    images, labels = values.get("X"), values.get("y")
    is_svhn = images is not None and images.ndim == 4 and images.shape[2] == 3
    if images is None or labels is None or not is_svhn:
        images, labels = _only_pair(values, path)
        pixels = images_of(images, str(path))
        return Part(str(path), split_in(path.stem), pixels, labels)
    numbers = labels_of(labels, str(path))
    if numbers.dtype.kind == "i" and numbers.min() >= 1 and numbers.max() <= TEN:
        numbers = numbers % TEN
    pixels = images_of(np.moveaxis(images, 3, 0), str(path))
    return Part(str(path), split_in(path.stem), pixels, numbers)


def _only_pair(
    values: dict[str, NumpyArray], path: Path
) -> tuple[NumpyArray, NumpyArray]:
    """Return images, their count first, and labels; DatasetError if ambiguous.

    If the first and the last axis both have as many entries as there are labels, either
    could be the count, and the arrays are ambiguous.
    """
    images = [array for array in values.values() if array.ndim in (3, 4)]
    vectors = [array.reshape(-1) for array in values.values() if _is_vector(array)]
    fits = [
        (np.moveaxis(array, axis, 0), labels)
        for array in images
        for axis in (0, -1)
        for labels in vectors
        if array.shape[axis] == len(labels)
    ]
    if len(images) != 1 or len(fits) != 1:
        holds = ", ".join(f"{name} {array.shape}" for name, array in values.items())
        raise DatasetError(
            f"{path} does not hold X (height, width, 3, count) and y (count, 1), as "
            "the cropped digits of SVHN do, nor one array of images and one of their "
            f"labels, but {holds or 'no numbers'}. Save them with numpy.savez as "
            "x_train and y_train."
        )
    ((found, labels),) = fits
    return found, labels_of(labels, str(path))


def _is_vector(array: NumpyArray) -> bool:
    return array.ndim in (1, 2) and array.size == max(array.shape) > 1


def _values(path: Path) -> dict[str, NumpyArray]:
    with path.open("rb") as file:
        if file.read(len(V7_3)) == V7_3:
            return read_mat73(path)
    return read_mat5(path)
