import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.datasets import resize
from handgrad.datasets.dataset import Split
from handgrad.datasets.resize import resize_images, resize_split

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (3, 3, 8, 6), np.uint8)


def test_the_same_size_returns_the_same_images():
    assert resize_images(IMAGES, (8, 6)) is IMAGES


@given(height=st.integers(1, 20), width=st.integers(1, 20), level=st.integers(0, 255))
def test_constant_images_stay_constant(height, width, level):
    images = np.full((2, 3, 5, 7), level, dtype=np.uint8)
    resized = resize_images(images, (height, width))
    assert resized.shape == (2, 3, height, width)
    assert (resized == level).all()


@given(height=st.integers(1, 20), width=st.integers(1, 20))
def test_stays_between_minimum_and_maximum(height, width):
    resized = resize_images(IMAGES, (height, width))
    assert resized.min() >= IMAGES.min()
    assert resized.max() <= IMAGES.max()


@pytest.mark.parametrize("size", [(16, 12), (5, 9), (3, 3)])
def test_commutes_with_flips_and_rotations(size):
    mirrored = resize_images(IMAGES[..., ::-1], size)
    np.testing.assert_array_equal(mirrored, resize_images(IMAGES, size)[..., ::-1])
    turned = resize_images(IMAGES.swapaxes(2, 3), size[::-1]).swapaxes(2, 3)
    # rows before columns or after: each pass rounds to bytes
    difference = turned.astype(int) - resize_images(IMAGES, size)
    assert np.abs(difference).max() <= 1


def test_doubling_a_row_is_the_bilinear_formula():
    row = np.array([0, 100, 200], dtype=np.uint8).reshape(1, 1, 1, 3)
    # new centres lie at quarters between the old ones; the ends repeat
    assert resize_images(row, (1, 6)).ravel().tolist() == [0, 25, 75, 125, 175, 200]


def test_downscaling_uses_every_pixel():
    images = np.zeros((1, 1, 8, 8), dtype=np.uint8)
    images[0, 0, ::2] = 255
    assert np.abs(resize_images(images, (1, 1)).astype(int) - 127).max() <= 1


def test_few_images_are_resized_once_and_each_caller_owns_a_copy(monkeypatch):
    calls, fit = [], resize.fitted
    monkeypatch.setattr(
        resize, "fitted", lambda *given: calls.append(given) or fit(*given)
    )
    resize._of_few.cache_clear()
    first = resize_images(IMAGES, (5, 4))
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(resize_images(IMAGES.copy(), (5, 4)), expected)
    assert len(calls) == 9
    resize_images(IMAGES + 1, (5, 4))
    resize_images(IMAGES, (5, 4), "pad")
    assert len(calls) == 27
    monkeypatch.setattr(resize, "SMALL", 9 * 8 * 6 - 1)
    np.testing.assert_array_equal(resize_images(IMAGES, (5, 4)), expected)
    assert len(calls) == 36


def test_a_split_keeps_its_targets():
    resized = resize_split(Split(IMAGES, np.array([2, 0, 1])), (4, 4))
    assert resized.image_shape == (3, 4, 4)
    assert resized.targets.tolist() == [2, 0, 1]
