"""The kernel does what `augmentation.resample` does, wherever it reads."""

import numpy as np
import pytest

from handgrad.augmentation.resample import resample
from handgrad.engine.kernels.resample import (
    as_pixel,
    folded,
    resample_at,
    rounded,
    split,
)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(3, 8, 6), (1, 1, 5), (2, 7, 1), (1, 1, 1)])
@pytest.mark.parametrize("spread", [0.1, 2.0])
def test_an_image_is_that_of_the_plain_function(shape, dtype, spread):
    draws = np.random.default_rng(3)
    images = draws.integers(0, 256, (9, *shape)).astype(dtype)
    linear = np.eye(2) + spread * draws.normal(size=(9, 2, 2))
    offset = 9 * spread * draws.normal(size=(9, 2, 1))
    affine = np.concatenate([linear, offset], axis=2).astype(np.float32)
    expected = resample(images, affine)
    for image, numbers, wanted in zip(images, affine, expected, strict=True):
        for function in (resample_at, resample_at.py_func):
            outputs = np.zeros(image.size, dtype)
            numbers_ = numbers.reshape(-1).astype(np.float64)
            function(image.reshape(-1), numbers_, outputs, shape)
            np.testing.assert_array_equal(outputs.reshape(shape), wanted)


@pytest.mark.parametrize("value", [-3.0, 0.0, 0.49, 0.5, 254.5, 255.0, 300.0])
def test_bytes_are_clipped_where_they_may_need_it(value):
    value = np.float32(value)
    bytes_, floats = np.zeros(1, np.uint8), np.zeros(1, np.float32)
    clipped = int(min(max(value, 0), 255) + 0.5)
    assert (as_pixel(value, bytes_), as_pixel(value, floats)) == (clipped, value)
    if 0 <= value <= 255:
        assert rounded(value, bytes_) == clipped
    assert rounded(value, floats) == value


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_place_is_reflected(length):
    line = np.pad(np.arange(length), 30, mode="symmetric")
    found = [folded(place, length) for place in range(-30, length + 30)]
    assert found == line.tolist()
    assert found == [folded.py_func(n, length) for n in range(-30, length + 30)]


@pytest.mark.parametrize("position", [-2.0, -1.5, -0.0, 0.25, 3.0, 7.75, -1e-30, 99.5])
def test_a_position_is_a_whole_number_and_a_fraction(position):
    position = np.float32(position)
    whole, fraction = split.py_func(position)
    assert whole == np.floor(position)
    assert fraction == position - np.floor(position)
