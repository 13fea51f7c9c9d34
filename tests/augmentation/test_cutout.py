import numpy as np
import pytest

from handgrad.augmentation import Cutout
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


@pytest.mark.parametrize("size", [1, 3, 4])
def test_follows_the_laws_of_every_augmentation(size):
    assert_follows_the_laws(Cutout(size))


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_one_square_is_black_in_all_channels_and_the_rest_untouched(size):
    images = images_of(60, (3, 12, 9))
    outputs = Cutout(size).apply(images, key_of(60))
    for image, output in zip(images, outputs, strict=True):
        is_black = (output == 0).all(axis=0)
        np.testing.assert_array_equal(output[:, ~is_black], image[:, ~is_black])
        rows, columns = (np.flatnonzero(is_black.any(axis=axis)) for axis in (1, 0))
        assert is_black.sum() == len(rows) * len(columns) > 0
        for places, length in ((rows, 12), (columns, 9)):
            assert (np.diff(places) == 1).all()
            reaches_over = places[0] == 0 or places[-1] == length - 1
            assert len(places) == size or (len(places) < size and reaches_over)


def test_the_centre_is_equally_likely_everywhere():
    count = 12_000
    images = np.ones((count, 1, 4, 3), dtype=np.uint8)
    hidden = (Cutout(1).apply(images, key_of(count)) == 0).sum(axis=(0, 1))
    assert hidden.sum() == count
    assert np.abs(hidden - 1000).max() < 5 * np.sqrt(1000)


@pytest.mark.parametrize("size", [0, -2])
def test_an_empty_square_is_refused(size):
    with pytest.raises(ConfigError, match="size of at least 1"):
        Cutout(size)


def test_repr():
    assert repr(Cutout(8)) == "Cutout(size=8)"
