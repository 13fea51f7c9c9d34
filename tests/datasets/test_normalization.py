import sys
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
from handgrad.errors import ConfigError, DatasetError, ShapeError

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
    """Mean and standard deviation with fractions, rounded once at the end."""
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
def test_a_constant_channel_becomes_zero(level):
    images = np.full((7, 1, 3, 3), level, dtype=np.uint8)
    found = standard(images)
    assert found.std == (1.0,)
    assert np.abs(found.apply(images)).max() <= 2**-23


def test_images_are_not_modified():
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


# Published values for these training images: torchvision's examples for MNIST (to
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


floats = hnp.arrays(
    np.float32,
    st.one_of(
        st.tuples(st.integers(1, 6), st.integers(1, 5)),
        st.tuples(st.integers(1, 4), st.sampled_from([1, 3]), st.just(2), st.just(3)),
    ),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)


def axes_of(inputs):
    """All axes but the channels or features."""
    return (0, *range(2, inputs.ndim))


@given(inputs=floats, chunk=st.sampled_from([1, 7, 1 << 20]))
def test_standard_of_floats_is_numpys_in_float64(inputs, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[standard.__module__], "CHUNK", chunk)
        found = standard(inputs)
    wide = inputs.astype(np.float64)
    scale = float(np.abs(wide).max())
    np.testing.assert_allclose(found.mean, wide.mean(axis=axes_of(inputs)), rtol=1e-12)
    std = wide.std(axis=axes_of(inputs))
    spread = np.where(np.ptp(wide, axis=axes_of(inputs)) == 0, 1.0, std)
    np.testing.assert_allclose(found.std, spread, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("value", [0.1, -3e5, 1e-20, 3e38])
def test_a_constant_feature_becomes_zero(value):
    inputs = np.full((9, 2), value, np.float32)
    inputs[:, 1] = np.arange(9)
    found = standard(inputs)
    assert found.std[0] == 1.0
    np.testing.assert_array_equal(found.apply(inputs)[:, 0], 0)


@given(inputs=floats)
def test_the_mean_of_floats_is_subtracted_first(inputs):
    channels = inputs.shape[1]
    means, spreads = np.linspace(-2, 9, channels), np.linspace(0.3, 4, channels)
    axis = (slice(None), *(None,) * (inputs.ndim - 2))
    expected = inputs - means.astype(np.float32)[axis]
    expected = expected * (1 / spreads).astype(np.float32)[axis]
    outputs = Normalization(tuple(means), tuple(spreads)).apply(inputs)
    np.testing.assert_array_equal(outputs, expected)
    assert outputs.dtype == np.float32


def test_a_large_mean_loses_no_precision():
    """inputs * scale + shift would be wrong by a tenth of a standard deviation here."""
    inputs = (1e6 + np.linspace(-1, 1, 33)[:, None]).astype(np.float32)
    found = standard(inputs).apply(inputs).ravel()
    wide = inputs.astype(np.float64).ravel()
    expected = (wide - wide.mean()) / wide.std()
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.05)
    assert np.unique(found).size == np.unique(inputs).size


def test_one_number_serves_all_features_of_a_vector():
    bytes_, numbers = (
        np.arange(12, dtype=np.uint8).reshape(2, 6),
        Normalization((0.5,), (2.0,)),
    )
    expected = (bytes_ / 255 - 0.5) / 2
    np.testing.assert_allclose(numbers.apply(bytes_), expected, atol=1e-7)
    inputs = bytes_.astype(np.float32)
    np.testing.assert_array_equal(numbers.apply(inputs), (inputs - 0.5) / 2)


def test_vectors_by_name():
    vectors = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    assert normalization("unit", vectors) == unit(1)
    np.testing.assert_array_equal(unit(1).apply(vectors), vectors)
    assert normalization("standard", vectors) == standard(vectors)
    bytes_ = (vectors * 9).astype(np.uint8)
    found = standard(bytes_)  # one scale for all bytes
    np.testing.assert_allclose(found.mean, [bytes_.mean() / 255], rtol=1e-12)
    np.testing.assert_allclose(found.std, [bytes_.std() / 255], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_integer_weights_equal_repetitions(dtype, shape):
    draw = np.random.default_rng(1)
    inputs = draw.integers(0, 256, (7, *shape)).astype(dtype)
    weights = np.float32([0, 1, 2, 3, 1, 0, 2])
    found = standard(inputs, weights)
    expected = standard(inputs.repeat(weights.astype(int), axis=0))
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(found.std, expected.std, rtol=1e-12)


@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ((), ()),
        ((0.5,), (0.5, 0.5)),
        ((0.5,), (0.0,)),
        ((0.5,), (-1.0,)),
        ((0.5,), (float("nan"),)),
        ((0.5,), (float("inf"),)),
        ((0.5,), (1e-39,)),
        ((1e5,), (1e-35,)),
        ((1e39,), (1e20,)),
        ((float("nan"),), (1.0,)),
    ],
)
def test_invalid_standard_deviations_are_refused(mean, std):
    with pytest.raises(ConfigError, match="A normalization takes"):
        Normalization(mean, std)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.int8, bool])
def test_another_dtype_is_refused(dtype):
    with pytest.raises(ShapeError, match=r"takes bytes \(uint8\) or float32, got"):
        unit(1).apply(np.ones((1, 1, 2, 2), dtype))


@pytest.mark.parametrize("size", [1e-45, 1e-40, 9e-38, 3e37, 3e38])
@pytest.mark.parametrize("shape", [(10, 3), (10, 3, 2, 2)])
def test_values_that_float32_cannot_scale_are_named(size, shape):
    inputs = np.ones(shape, dtype=np.float32)
    inputs[:5, 1], inputs[5:, 1] = size, -size
    what = "column" if len(shape) == 2 else "channel"
    with pytest.raises(DatasetError, match=f"values of {what} 1 have .*Multiply the"):
        standard(inputs)
    with pytest.raises(DatasetError, match=f"values of {what} 1 have"):
        standard(inputs, np.ones(10, dtype=np.float32))
    assert unit(3).std == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("size", [2e-37, 5e36])
def test_values_at_the_edge_become_one(size):
    inputs = np.full((10, 1), size, dtype=np.float32)
    inputs[5:] = -size
    np.testing.assert_allclose(np.abs(standard(inputs).apply(inputs)), 1, rtol=1e-4)


@pytest.mark.parametrize("size", [0.0, 1e-45, 1e-40, 3e38])
def test_a_constant_of_any_size_is_accepted(size):
    inputs = np.full((10, 2), size, dtype=np.float32)
    assert standard(inputs).std == (1.0, 1.0)


def test_sums_of_the_largest_bytes_do_not_overflow():
    images = np.full((2, 1, 256, 256), 255, np.uint8)
    images[0, 0, 0, 0] = 254
    found = normalization("standard", images)
    exact = images.astype(np.float64) / 255
    assert found.mean[0] == pytest.approx(exact.mean(), rel=1e-15)
    assert found.std[0] == pytest.approx(exact.std(), rel=1e-9)
