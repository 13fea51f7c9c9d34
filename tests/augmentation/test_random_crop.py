import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import RandomCrop
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


@pytest.mark.parametrize("padding", [1, 4])
def test_follows_the_laws_of_every_augmentation(padding):
    assert_follows_the_laws(RandomCrop(padding))


@given(seed=st.integers(0, 99), count=st.integers(1, 20))
def test_a_padding_of_0_is_the_identity(seed, count):
    images = images_of(count)
    np.testing.assert_array_equal(
        RandomCrop(0).apply(images, key_of(count, seed)), images
    )


def shifted(image, down, right):
    """A shifted image with zeros outside, pixel by pixel."""
    outputs = np.zeros_like(image)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            if 0 <= y - down < height and 0 <= x - right < width:
                outputs[:, y, x] = image[:, y - down, x - right]
    return outputs


def shift_of(image, output, padding):
    moves = range(-padding, padding + 1)
    found = [
        (down, right)
        for down in moves
        for right in moves
        if np.array_equal(shifted(image, down, right), output)
    ]
    assert len(found) == 1
    return found[0]


def test_every_image_is_shifted_and_every_shift_occurs():
    images = images_of(120)
    outputs = RandomCrop(1).apply(images, key_of(120))
    shifts = [shift_of(*pair, 1) for pair in zip(images, outputs, strict=True)]
    assert len(set(shifts)) == 9


def test_shifts_are_equally_likely():
    count = 18_000
    images = np.zeros((count, 1, 3, 3), dtype=np.uint8)
    images[:, 0, 1, 1] = 1
    outputs = RandomCrop(1).apply(images, key_of(count))
    places = outputs.reshape(count, 9).sum(axis=0, dtype=np.int64)
    assert places.sum() == count
    assert np.abs(places - 2000).max() < 5 * np.sqrt(2000)


@pytest.mark.parametrize("padding", [-1, float("nan")])
def test_a_padding_below_0_is_refused(padding):
    with pytest.raises(ConfigError, match="padding of at least 0"):
        RandomCrop(padding)


def test_repr():
    assert repr(RandomCrop(4)) == "RandomCrop(padding=4)"
