import numpy as np
import pytest

from handgrad.augmentation import ColorJitter
from handgrad.augmentation.pixel_values import mean_grey
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def middling(count, shape=(3, 8, 6)):
    """Float32 images, which are not clipped."""
    return images_of(count, shape).astype(np.float32)


@pytest.mark.parametrize(
    "change", [ColorJitter(), ColorJitter(1.0, 1.0, 1.0, 0.5), ColorJitter(0.3)]
)
def test_follows_the_laws_of_every_augmentation(change):
    assert_follows_the_laws(change)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_change_of_nothing_is_nothing(channels):
    images, nothing = images_of(9, (channels, 4, 4)), ColorJitter(0.0, 0.0, 0.0, 0.0)
    np.testing.assert_array_equal(nothing.apply(images, key_of(9)), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_a_factor(channels):
    images = middling(200, (channels, 4, 4))
    outputs = ColorJitter(0.4, 0.0, 0.0).apply(images, key_of(200))
    factors = (outputs / images).reshape(200, -1)
    np.testing.assert_allclose(factors, factors[:, :1].repeat(16 * channels, 1), 1e-5)
    assert 0.6 <= factors.min() < 0.62
    assert 1.38 < factors.max() <= 1.4


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_contrast_is_about_the_mean_grey_which_stays(channels):
    images = middling(50, (channels, 4, 4))
    outputs = ColorJitter(0.0, 0.9, 0.0).apply(images, key_of(50))
    grey = mean_grey(images)
    np.testing.assert_allclose(mean_grey(outputs), grey, rtol=1e-4)
    before = (images - grey[:, None, None, None]).reshape(50, -1)
    after = (outputs - grey[:, None, None, None]).reshape(50, -1)
    factors = (before * after).sum(axis=1) / (before**2).sum(axis=1)
    np.testing.assert_allclose(after, factors[:, None] * before, atol=0.01)
    assert 0.1 <= factors.min() < 0.2
    assert 1.8 < factors.max() <= 1.9


def test_saturation_and_hue_keep_grey_pixels_and_all_luminance():
    images = middling(30)
    images[:, :, 0] = images[:, :1, 0]
    outputs = ColorJitter(0.0, 0.0, 0.8, 0.4).apply(images, key_of(30))
    np.testing.assert_allclose(outputs[:, :, 0], images[:, :, 0], atol=0.01)
    np.testing.assert_allclose(mean_grey(outputs), mean_grey(images), atol=0.2)
    assert np.abs(outputs[:, :, 1:] - images[:, :, 1:]).max() > 50


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"brightness": 1.1}, "brightness from 0 to 1, got 1.1"),
        ({"contrast": -1.0}, "contrast from 0 to 1, got -1"),
        ({"saturation": float("nan")}, "saturation from 0 to 1, got nan"),
        ({"hue": 0.6}, "hue from 0 to 0.5, got 0.6"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(options, words):
    with pytest.raises(ConfigError, match=f"color_jitter takes {words}"):
        ColorJitter(**options)


def test_says_what_it_is():
    expected = "ColorJitter(brightness=0.4, contrast=0.2, saturation=0.2, hue=0)"
    assert repr(ColorJitter(0.4)) == expected
