import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import RandomFlip
from handgrad.randomness import Key

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(RandomFlip())


@given(seed=st.integers(0, 99), count=st.integers(1, 20))
def test_flipping_twice_is_the_identity(seed, count):
    images, key = images_of(count), key_of(count, seed)
    flip = RandomFlip()
    np.testing.assert_array_equal(flip.apply(flip.apply(images, key), key), images)


def test_each_image_is_mirrored_or_untouched():
    images = images_of(64)
    outputs = RandomFlip().apply(images, key_of(64))
    is_same = (outputs == images).all(axis=(1, 2, 3))
    is_mirrored = (outputs == images[..., ::-1]).all(axis=(1, 2, 3))
    assert (is_same ^ is_mirrored).all()
    assert 0 < is_same.sum() < 64


def test_about_half_is_flipped():
    count = 20_000
    images = np.tile(np.array([0, 1], dtype=np.uint8), (count, 1, 1, 1))
    flipped = RandomFlip().apply(images, key_of(count))[:, 0, 0, 0].sum()
    assert abs(flipped - count / 2) < 5 * np.sqrt(count / 4)


def test_another_step_gives_other_draws():
    images = images_of(50)
    examples = np.arange(50)
    first, second = (
        RandomFlip().apply(images, Key(0).at(step, examples)) for step in (1, 2)
    )
    assert not np.array_equal(first, second)


def test_repr():
    assert repr(RandomFlip()) == "RandomFlip()"
