import numpy as np
import pytest

from handgrad.augmentation import RandomRotate90
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(RandomRotate90(), (3, 7, 7))


def test_every_quarter_turn_is_about_as_likely():
    images = images_of(400, (2, 5, 5))
    outputs = RandomRotate90().apply(images, key_of(400))
    counts = []
    for turns in range(4):
        turned = np.rot90(images, turns, axes=(2, 3))  # counter-clockwise
        counts.append((outputs == turned).all(axis=(1, 2, 3)).sum())
    assert sum(counts) == 400
    assert np.abs(np.array(counts) - 100).max() < 5 * np.sqrt(75)


def test_images_that_are_not_square_are_refused():
    RandomRotate90().check_images(7, 7)
    with pytest.raises(ConfigError, match="takes square images, got 8 x 6 pixels"):
        RandomRotate90().check_images(8, 6)


def test_says_what_it_is():
    assert repr(RandomRotate90()) == "RandomRotate90()"
