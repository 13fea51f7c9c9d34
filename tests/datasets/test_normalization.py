from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from handgrad.datasets.load import load
from handgrad.datasets.normalization import (
    Normalization,
    half,
    normalization,
    standard,
    unit,
)
from handgrad.errors import ConfigError

images = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 5), st.sampled_from([1, 3]), st.just(3), st.just(4)),
)
EVERY_BYTE = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)


def test_unit_maps_bytes_to_zero_to_one():
    values = unit(1).apply(EVERY_BYTE).ravel()
    np.testing.assert_allclose(values, np.arange(256) / 255, rtol=1.2e-7)
    assert values[0] == 0.0
    assert values.dtype == np.float32


def test_half_maps_bytes_to_minus_one_to_one():
    values = half(1).apply(EVERY_BYTE).ravel()
    np.testing.assert_allclose(values, np.arange(256) / 127.5 - 1, atol=2.4e-7)


def exact(pixels):
    """Mean and standard deviation by fractions, rounded once at the end."""
    values = [Fraction(int(pixel), 255) for pixel in pixels.ravel()]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return float(mean), sqrt(variance)


@given(images=images)
def test_standard_is_the_mean_and_spread_of_each_channel(images):
    found = standard(images)
    expected = [exact(images[:, channel]) for channel in range(images.shape[1])]
    means, spreads = zip(*expected, strict=True)
    np.testing.assert_allclose(found.mean, means, rtol=4e-16)
    np.testing.assert_allclose(found.std, [s or 1.0 for s in spreads], rtol=4e-16)


@given(images=images)
def test_apply_is_the_textbook_formula(images):
    means = (0.1, 0.4, 0.7)[: images.shape[1]]
    spreads = (0.2, 0.3, 1.1)[: images.shape[1]]
    axis = (slice(None), None, None)
    expected = images / 255 - np.array(means)[axis]
    expected /= np.array(spreads)[axis]
    outputs = Normalization(means, spreads).apply(images)
    # three roundings of numbers that are at most 1 / 0.2
    np.testing.assert_allclose(outputs, expected, atol=3 * 5 * 2**-24)


@pytest.mark.parametrize("level", range(256))
def test_a_channel_of_one_colour_becomes_zero(level):
    images = np.full((7, 1, 3, 3), level, dtype=np.uint8)
    found = standard(images)
    assert found.std == (1.0,)
    assert np.abs(found.apply(images)).max() <= 2**-23


def test_images_given_stay_as_they_are():
    images = EVERY_BYTE.copy()
    standard(images).apply(images)
    np.testing.assert_array_equal(images, EVERY_BYTE)


@pytest.mark.parametrize("channels", [1, 3])
def test_by_name(channels):
    images = np.random.default_rng(0).integers(0, 256, (4, channels, 5, 5), np.uint8)
    assert normalization("unit", images) == unit(channels)
    assert normalization("half", images) == half(channels)
    assert normalization("standard", images) == standard(images)


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'standard'"):
        normalization("standart", EVERY_BYTE)


# What others compute from these training images: torchvision's examples for MNIST (to
# four places), Fashion-MNIST's own statistics.
@pytest.mark.parametrize(
    ("folder", "mean", "std", "places"),
    [
        ("mnist", 0.1307, 0.3081, 4),
        ("fashion-mnist", 0.28604059698879, 0.35302424451492, 12),
    ],
)
def test_published_mean_and_deviation(data, folder, mean, std, places):
    source = data(folder)
    found = standard(load(folder, data_dir=source.parent).train.images)
    assert round(found.mean[0], places) == round(mean, places)
    assert round(found.std[0], places) == round(std, places)
