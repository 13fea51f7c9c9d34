"""The built-in data set: 1,797 handwritten digits of 8 x 8 pixels in scikit-learn.

It needs no download. The test split is about a fifth of each class, chosen by a fixed
key.

Source
    Alpaydin, Kaynak (1998), Optical recognition of handwritten digits, UCI
    repository.
"""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.datasets.source import Source
from handgrad.datasets.splits import split
from handgrad.errors import DatasetError
from handgrad.randomness import Key

TEST_COUNT = 360
BRIGHTEST = 16  # of the original pixels, from 0 to 16
FILE = Path("datasets", "data", "digits.csv.gz")  # in scikit-learn


def read_digits(_: Path) -> tuple[Split, Split]:
    """Read the digits as bytes from 0 to 255, (count, 1, 8, 8); they need no folder."""
    table = _table()
    pixels = np.round(table[:, :-1] * (255 / BRIGHTEST)).astype(np.uint8)
    labels = table[:, -1].astype(np.int64)
    whole = Split(pixels.reshape(-1, 1, 8, 8), labels)
    train, test = split(whole, TEST_COUNT, Key(0).child("digits test"))
    return train, test


@cache
def _table() -> NumpyArray:
    """Pixels and label of each digit; read without an import."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DatasetError(
            "The digits are part of scikit-learn, which is not installed. Install it "
            "with: python -m pip install scikit-learn"
        )
    with gzip.open(Path(package.origin).parent / FILE, "rt") as lines:
        return np.loadtxt(lines, delimiter=",")


DIGITS = Source(
    name="digits",
    description="1,797 handwritten digits, 8 x 8, grey",
    train_shape=(1_437, 1, 8, 8),
    class_names=tuple(str(digit) for digit in range(10)),
    read=read_digits,
    checksum="61965997d17c3035ae8dc070b05f2f872c49d5033b88b618643a4f96e346317b",
    usual_size=(28, 28),  # image models expect at least this size
)
