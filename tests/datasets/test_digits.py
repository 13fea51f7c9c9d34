import numpy as np
import pytest
from sklearn.datasets import load_digits as original

from handgrad.datasets.dataset import checksum_of
from handgrad.datasets.load import load


@pytest.fixture(scope="module")
def digits():
    return load("digits")


def test_sizes(digits):
    assert digits.train.images.shape == (1437, 1, 8, 8)
    assert digits.test.images.shape == (360, 1, 8, 8)
    assert digits.class_names == tuple("0123456789")


def test_every_image_is_there_once_with_its_class(digits):
    ink, labels = original(return_X_y=True)
    expected = sorted(
        (tuple(row), label) for row, label in zip(ink.astype(int), labels, strict=True)
    )
    found = []
    for part in (digits.train, digits.test):
        back = np.round(part.images.reshape(-1, 64) / 255 * 16).astype(int)
        found += [
            (tuple(row), label) for row, label in zip(back, part.targets, strict=True)
        ]
    assert sorted(found) == expected


def test_the_largest_value_is_white(digits):
    assert digits.train.images.min() == 0
    assert digits.train.images.max() == 255
    assert digits.train.images.dtype == np.uint8


def test_about_a_fifth_of_each_class_is_held_out(digits):
    train, test = (np.bincount(part.targets) for part in (digits.train, digits.test))
    np.testing.assert_allclose(test / (train + test), 0.2, atol=0.01)


def test_is_the_same_every_time(digits):
    again = load("digits")
    assert again.checksum == digits.checksum == checksum_of(again.train, again.test)
