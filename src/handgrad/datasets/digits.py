"""The built-in data set: 1,797 handwritten digits of 8 x 8 pixels in scikit-learn.

It needs no download. The test split is about a fifth of each class, chosen by a fixed
key.

Source
    Alpaydin, Kaynak (1998), Optical recognition of handwritten digits, UCI
    repository.
"""

from pathlib import Path

import numpy as np

from handgrad.datasets.dataset import Split
from handgrad.datasets.source import Source
from handgrad.datasets.splits import split
from handgrad.imports import random_state_kept
from handgrad.randomness import Key

TEST_COUNT = 360
BRIGHTEST = 16  # of the original pixels, from 0 to 16


def read_digits(_: Path) -> tuple[Split, Split]:
    """Read the digits as bytes from 0 to 255, (count, 1, 8, 8); they need no folder."""
    with random_state_kept():
        from sklearn.datasets import load_digits

    ink, labels = load_digits(return_X_y=True)
    pixels = np.round(np.asarray(ink) * (255 / BRIGHTEST)).astype(np.uint8)
    whole = Split(pixels.reshape(-1, 1, 8, 8), np.asarray(labels, dtype=np.int64))
    train, test = split(whole, TEST_COUNT, Key(0).child("digits test"))
    return train, test


DIGITS = Source(
    name="digits",
    description="1,797 handwritten digits, 8 x 8, grey",
    train_shape=(1_437, 1, 8, 8),
    class_names=tuple(str(digit) for digit in range(10)),
    read=read_digits,
    checksum="61965997d17c3035ae8dc070b05f2f872c49d5033b88b618643a4f96e346317b",
    usual_size=(28, 28),  # image models expect at least this size
)
