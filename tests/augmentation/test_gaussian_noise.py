import numpy as np
import pytest

from handgrad.augmentation import GaussianNoise
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def test_follows_the_laws_of_every_augmentation():
    assert_follows_the_laws(GaussianNoise())


@pytest.mark.parametrize(("dtype", "expected"), [("uint8", 12.75), ("float32", 0.05)])
def test_the_deviation_is_a_fraction_of_the_range(dtype, expected):
    images = np.full((50, 1, 16, 16), 100, dtype)
    noise = GaussianNoise(0.05).apply(images, key_of(50)) - images.astype(np.float32)
    assert noise.std() == pytest.approx(expected, rel=0.05)
    assert abs(noise.mean()) < 5 * expected / np.sqrt(noise.size)


def test_no_deviation_is_nothing():
    images = images_of(5)
    np.testing.assert_array_equal(GaussianNoise(0.0).apply(images, key_of(5)), images)


@pytest.mark.parametrize("deviation", [-0.1, 1.1, float("nan")])
def test_a_deviation_that_cannot_be_is_refused(deviation):
    with pytest.raises(ConfigError, match="gaussian_noise takes deviation from 0 to 1"):
        GaussianNoise(deviation)


def test_says_what_it_is():
    assert repr(GaussianNoise()) == "GaussianNoise(deviation=0.05)"
