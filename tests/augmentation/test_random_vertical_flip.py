import numpy as np

from handgrad.augmentation import RandomVerticalFlip

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(RandomVerticalFlip())


def test_each_image_is_mirrored_or_untouched():
    images = images_of(64)
    outputs = RandomVerticalFlip().apply(images, key_of(64))
    is_same = (outputs == images).all(axis=(1, 2, 3))
    is_mirrored = (outputs == images[..., ::-1, :]).all(axis=(1, 2, 3))
    assert (is_same ^ is_mirrored).all()
    assert 16 < is_same.sum() < 48


def test_flipping_twice_is_nothing():
    images, key, flip = images_of(9), key_of(9), RandomVerticalFlip()
    np.testing.assert_array_equal(flip.apply(flip.apply(images, key), key), images)


def test_says_what_it_is():
    assert repr(RandomVerticalFlip()) == "RandomVerticalFlip()"
