"""The built-in data set: 1,797 handwritten digits of 8 x 8 pixels in scikit-learn.

It needs no download. The test split is about a fifth of each class, chosen by a fixed
key.

Source
    Alpaydin, Kaynak (1998), Optical recognition of handwritten digits, UCI
    repository.
"""

import numpy as np

from handgrad.datasets.dataset import Dataset, Split, checksum_of
from handgrad.datasets.splits import split
from handgrad.imports import random_state_kept
from handgrad.randomness import Key

TEST_COUNT = 360
BRIGHTEST = 16  # of the original pixels, from 0 to 16
CLASS_NAMES = tuple(str(digit) for digit in range(10))


def load_digits() -> Dataset:
    """Load the digits as bytes from 0 to 255, (count, 1, 8, 8)."""
    with random_state_kept():
        from sklearn.datasets import load_digits as load

    ink, labels = load(return_X_y=True)
    pixels = np.round(np.asarray(ink) * (255 / BRIGHTEST)).astype(np.uint8)
    whole = Split(pixels.reshape(-1, 1, 8, 8), np.asarray(labels, dtype=np.int64))
    train, test = split(whole, TEST_COUNT, Key(0).child("digits test"))
    return Dataset("digits", train, test, CLASS_NAMES, checksum_of(train, test))
