"""The kernel does what `augmentation.resample` does, wherever it reads."""

import numpy as np
import pytest

from handgrad.augmentation.resample import fold, resample
from handgrad.engine.kernels.resample import (
    as_pixel,
    locate,
    resample_at,
    resample_numbers,
    rounded,
)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(
    "shape", [(3, 8, 6), (1, 40, 35), (1, 1, 5), (2, 7, 1), (1, 1, 1)]
)
@pytest.mark.parametrize("spread", [0.1, 2.0])
def test_an_image_is_that_of_the_plain_function(shape, dtype, spread):
    draws = np.random.default_rng(3)
    images = draws.integers(0, 256, (9, *shape)).astype(dtype)
    linear = np.eye(2) + spread * draws.normal(size=(9, 2, 2))
    offset = 9 * spread * draws.normal(size=(9, 2, 1))
    affine = np.concatenate([linear, offset], axis=2).astype(np.float32)
    expected = resample(images, affine)
    work = np.full(resample_numbers(*shape), np.nan, np.float32)
    for image, numbers, wanted in zip(images, affine, expected, strict=True):
        for function in (resample_at, resample_at.py_func):
            outputs = np.zeros(image.size, dtype)
            numbers_ = numbers.reshape(-1).astype(np.float64)
            function(image.reshape(-1), numbers_, outputs, shape, work)
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


@pytest.mark.parametrize("length", [1, 2, 5, 4096])
@pytest.mark.parametrize("function", [locate, locate.py_func])
def test_a_place_is_reflected_however_far_it_lies(function, length):
    """The two pixels and their weights are those of the plain definition."""
    start = np.array([0, -2, -length, length - 1, 3 * length, 2**19, -(2**19)])
    for first in start.astype(np.float32):
        places = np.zeros(9, np.int32)
        firsts, seconds = np.zeros((2, 9), np.float32)
        arguments = first, np.float32(0.375), np.float32(-1.0)
        function(*arguments, length, places, firsts, seconds)
        position = (first + np.float32(0.375) * np.arange(9, dtype=np.float32)) - 1
        whole = np.floor(position)
        near, far = (fold(whole.astype(int) + n, length) for n in (0, 1))
        after = position - whole
        wanted = np.zeros((9, length + 2), np.float32)
        found = np.zeros_like(wanted)
        for line, (pixels, weights) in enumerate([(near, 1 - after), (far, after)]):
            np.add.at(wanted, (np.arange(9), pixels), weights)
            own = np.clip(places - 1 + line, 0, length - 1)
            np.add.at(found, (np.arange(9), own), (firsts, seconds)[line])
        np.testing.assert_array_equal(found, wanted)
