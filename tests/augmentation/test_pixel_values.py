import numpy as np
import pytest

from definitions import images as definition
from handgrad.augmentation.pixel_values import (
    as_pixels,
    full_range,
    luminance,
    mean_grey,
)

from .laws import images_of


def test_bytes_are_clipped_and_rounded_half_up():
    values = np.array([-9, -0.4, 0.49, 0.5, 7.5, 254.6, 255.4, 1e30], np.float32)
    bytes_ = as_pixels(values, np.dtype("uint8"))
    assert bytes_.dtype == np.uint8
    assert bytes_.tolist() == [0, 0, 0, 1, 8, 255, 255, 255]


def test_float32_values_stay():
    values = np.array([-9, 0.4, 1e30], np.float32)
    assert as_pixels(values, values.dtype) is values


def test_the_range_of_a_pixel():
    assert (full_range(np.dtype("uint8")), full_range(np.dtype("float32"))) == (255, 1)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_mean_grey_is_its_definition_to_the_bit(channels, dtype):
    images = (images_of(5, (channels, 4, 7)) / np.float32(3)).astype(dtype)
    expected = [definition.mean_grey(image) for image in images]
    assert mean_grey(images).tolist() == expected


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_shares_of_the_luminance_sum_to_1(channels):
    assert sum(luminance(channels)) == pytest.approx(1, abs=1e-15)
