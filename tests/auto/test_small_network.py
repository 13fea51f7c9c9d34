"""Images whose class survives a mirror or a turn, and images whose class does not."""

import tracemalloc

import numpy as np
import pytest

from handgrad import datasets
from handgrad.auto.small_network import (
    ENOUGH,
    LEAST,
    MOST,
    images_for,
    reduced,
    symmetry_of,
)
from handgrad.datasets import Split


def pictures(patterns, count=450, side=16):
    """Patterns on backgrounds of any colour, of any brightness, a class for each."""
    random = np.random.default_rng(0)
    targets = np.arange(count) % len(patterns)
    shown = np.stack([np.array(pattern) for pattern in patterns])[targets]
    shown = np.kron(shown, np.ones((1, side // 4, side // 4)))
    light = random.integers(60, 200, (count, 3, 1, 1))
    noise = random.integers(-20, 20, (count, 3, side, side))
    pixels = light + noise + 55 * shown[:, None]
    return Split(pixels.clip(0, 255).astype(np.uint8), targets)


STEP = np.tril(np.ones((4, 4)))
CROSS = [[1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]]
RING = [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]]
TABLE = [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 1]]


def test_classes_that_are_each_other_in_the_mirror():
    found = symmetry_of(pictures([STEP, np.fliplr(STEP), CROSS]), 3)
    assert set(found.swapped) == {0, 1}
    assert not found.keeps_mirrored
    assert found.images == 150
    assert found.upright > 0.9 > 0.5 > found.mirrored


def test_classes_that_look_the_same_turned():
    found = symmetry_of(pictures([CROSS, RING]), 2)
    assert found.swapped is None
    assert found.keeps_mirrored
    assert found.keeps_turned


def test_classes_that_look_the_same_mirrored_but_not_turned():
    found = symmetry_of(pictures([TABLE, np.flipud(TABLE), CROSS]), 3)
    assert found.keeps_mirrored
    assert not found.keeps_turned


def test_elongated_images_are_not_turned():
    split = pictures([CROSS, RING])
    wide = Split(split.images.repeat(2, axis=3), split.targets)
    assert symmetry_of(wide, 2).keeps_mirrored
    assert not symmetry_of(wide, 2).keeps_turned


def test_digits_are_not_recognised_in_the_mirror():
    digits = datasets.load("digits").train  # 8 x 8: too small for LeNet
    found = symmetry_of(digits, 10)
    assert found.upright > 0.9
    assert found.mirrored < 0.6
    assert not found.keeps_mirrored
    assert found.swapped is None


def arrows(count=300, side=32):
    """Small arrows to the left or to the right at any place, of any colour."""
    random = np.random.default_rng(0)
    targets = np.arange(count) % 2
    pixels = random.integers(0, 256, (count, 3, 4, 4)).repeat(8, 2).repeat(8, 3)
    head = np.abs(np.arange(9)[:, None] - 4) <= np.arange(5)[::-1]
    shape = np.concatenate([np.abs(np.indices((9, 6))[0] - 4) <= 1, head], axis=1)
    for image, target in zip(pixels, targets, strict=True):
        y, x = random.integers(0, side - 11, 2)
        shown = shape[:, ::-1] if target else shape
        image[:, y : y + 9, x : x + 11][:, shown] = random.integers(0, 256, (3, 1))
    noise = random.integers(-15, 15, pixels.shape)
    return Split((pixels + noise).clip(0, 255).astype(np.uint8), targets)


def test_a_larger_network_is_asked_where_a_small_one_learns_nothing():
    split = arrows()
    found = symmetry_of(split, 2)
    assert not found.has_learned
    assert not found.keeps_mirrored
    assert found.swapped is None
    found = symmetry_of(split, 2, is_thorough=True)
    assert found.has_learned
    assert set(found.swapped) == {0, 1}


def test_it_is_the_same_for_any_number_of_workers_and_uses_no_more_than_asked():
    split = pictures([STEP, np.fliplr(STEP)])
    one, two = (symmetry_of(split, 2, images=300, workers=n) for n in (1, 2))
    assert one == two
    assert one.images == 100


def test_few_of_large_images_are_in_memory_at_a_time():
    split = pictures([CROSS, RING], count=300, side=256)
    symmetry_of(split, 2)  # loads the engine
    tracemalloc.start()
    assert symmetry_of(split, 2).keeps_turned
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < split.images.nbytes / 2


@pytest.mark.parametrize("images", [0, 1, LEAST - 1])
def test_few_images_show_nothing(images):
    assert symmetry_of(pictures([CROSS, RING]), 2, images=images) is None
    assert symmetry_of(pictures([CROSS, RING], count=max(2, images)), 2) is None


@pytest.mark.parametrize(
    ("trained", "images"),
    [
        (0, 0),
        (990, 148),
        (2000, 300),
        (4000, ENOUGH),
        (15_999, ENOUGH),
        (47_000, 1762),
        (48_000, MOST),
        (1e9, MOST),
    ],
)
def test_as_many_images_as_there_is_time_for(trained, images):
    assert images_for(trained) == images


def test_images_are_reduced_by_means_of_squares():
    images = np.arange(2 * 1 * 70 * 96, dtype=np.float32).reshape(2, 1, 70, 96)
    smaller = reduced(images)
    assert smaller.shape == (2, 1, 35, 48)
    assert smaller[1, 0, 3, 5] == images[1, 0, 6:8, 10:12].mean()
    assert smaller.dtype == np.float32
    assert reduced(np.zeros((1, 3, 33, 65), np.uint8)).shape == (1, 3, 33, 65)
    assert reduced(np.full((1, 3, 129, 200), 7, np.uint8)).shape == (1, 3, 32, 50)
