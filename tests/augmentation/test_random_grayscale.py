import numpy as np
import pytest

from handgrad.augmentation import RandomGrayscale
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(RandomGrayscale(0.5))


@pytest.mark.parametrize("probability", [0.0, 0.25, 1.0])
def test_a_part_of_the_images_is_grey_and_the_rest_untouched(probability):
    images = images_of(400)
    outputs = RandomGrayscale(probability).apply(images, key_of(400))
    is_same = (outputs == images).all(axis=(1, 2, 3))
    is_grey = (outputs == outputs[:, :1]).all(axis=(1, 2, 3))
    assert (is_same ^ is_grey).all()
    deviation = np.sqrt(probability * (1 - probability) / 400)
    assert abs(is_grey.mean() - probability) <= 5 * deviation
    red, green, blue = images[is_grey].transpose(1, 0, 2, 3).astype(float)
    grey = 0.213 * red + 0.715 * green + 0.072 * blue
    assert np.abs(outputs[is_grey][:, 0] - grey).max(initial=0) <= 0.51


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_images_without_colours_stay(channels):
    images = images_of(5, (channels, 4, 4))
    np.testing.assert_array_equal(RandomGrayscale(1.0).apply(images, key_of(5)), images)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_a_probability_that_cannot_be_is_refused(probability):
    with pytest.raises(ConfigError, match="random_grayscale takes probability from 0"):
        RandomGrayscale(probability)


def test_says_what_it_is():
    assert repr(RandomGrayscale()) == "RandomGrayscale(probability=0.1)"
