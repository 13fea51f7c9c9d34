"""SVHN's cropped digits ("format 2" in its own words), as MATLAB files.

    X  (32, 32, 3, count), uint8
    y  (count, 1); the label 10 is the digit 0

Source
    Netzer and others (2011), Reading digits in natural images with unsupervised feature
    learning.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.formats.content import Arrays, Part
from handgrad.datasets.formats.labels import labels_of
from handgrad.datasets.formats.mat5 import read_mat5
from handgrad.datasets.formats.pixels import images_of
from handgrad.datasets.formats.roles import split_in
from handgrad.errors import DatasetError

TEN = 10
V7_3 = b"MATLAB 7.3 MAT-file"
HEADS = (b"MATLAB 5.0 MAT-file", V7_3)


def read_svhn(paths: Sequence[Path], label_from: str | None) -> Arrays:
    """The images of these files; `extra_32x32.mat` only where it is given alone."""
    extra = [path for path in paths if "extra" in path.stem.lower()]
    chosen = [path for path in paths if path not in extra] or extra
    notes = [path.name for path in extra if path not in chosen]
    return Arrays(tuple(_part(path) for path in chosen), {}, tuple(notes))


def _part(path: Path) -> Part:
    values = _values(path)
    images, labels = values.get("X"), values.get("y")
    if images is None or labels is None or images.ndim != 4 or images.shape[2] != 3:
        raise DatasetError(
            f"{path} does not hold X (height, width, 3, count) and y (count, 1), as "
            "the cropped digits of SVHN do. Save other arrays with numpy.savez."
        )
    numbers = labels_of(labels, str(path))
    if numbers.dtype.kind == "i" and numbers.min() >= 1 and numbers.max() <= TEN:
        numbers = numbers % TEN
    pixels = images_of(np.moveaxis(images, 3, 0), str(path))
    return Part(str(path), split_in(path.stem), pixels, numbers)


def _values(path: Path) -> dict[str, NumpyArray]:
    with path.open("rb") as file:
        if file.read(len(V7_3)) == V7_3:
            raise DatasetError(
                f"{path} is a MATLAB file of version 7.3, which is not read. Save it "
                "with -v7, or its arrays with numpy.savez."
            )
    return read_mat5(path)
