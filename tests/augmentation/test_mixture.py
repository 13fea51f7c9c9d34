"""Mixtures: the equations one number at a time, and refusals."""

import numpy as np
import pytest

from handgrad.augmentation import CutMix, Mixup, RandomAffine, RandomFlip
from handgrad.augmentation.mixture import (
    Mixture,
    is_mixer,
    mix,
    mixed,
    only_mixer,
)
from handgrad.augmentation.recorded_operations import MIX, Pipeline
from handgrad.errors import ConfigError

from .laws import images_of, key_of

MIXERS = [Mixup(1.0), CutMix()]


def by_definition(image, other, share, corners):
    """One image, pixel by pixel, in numbers without rounding but the last."""
    outputs = np.empty_like(image)
    top, bottom, left, right = corners
    for place in np.ndindex(image.shape):
        _, row, column = place
        if top <= row < bottom and left <= column < right:
            outputs[place] = other[place]
            continue
        value = share * float(image[place]) + (1 - share) * float(other[place])
        outputs[place] = np.floor(value + 0.5) if image.dtype == np.uint8 else value
    return outputs


@pytest.mark.parametrize("mixer", MIXERS, ids=repr)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_are_mixed_by_the_definition(mixer, dtype):
    images, others = (images_of(20, seed=n).astype(dtype) for n in (0, 1))
    mixture = mixer.mixture(key_of(20), 20, 90, images.shape[1:])
    before = images.copy()
    found = mix(images, others, mixture)
    for n, image in enumerate(images):
        share, corners = float(mixture.blend[n]), mixture.corners[n].tolist()
        wanted = by_definition(image, others[n], share, corners)
        np.testing.assert_array_equal(found[n], wanted)
    np.testing.assert_array_equal(images, before)
    assert found.dtype == images.dtype


@pytest.mark.parametrize("mixer", MIXERS, ids=repr)
def test_draws_are_functions_of_seed_step_and_example(mixer):
    key = key_of(40)
    whole = mixer.mixture(key, 40, 90, (3, 8, 6))
    order = np.random.default_rng(1).permutation(40)[:9]
    part_key = key.at(key.step, key.examples[order])
    part = mixer.mixture(part_key, 9, 90, (3, 8, 6))
    for all_of, some in zip(whole[:4], part[:4], strict=True):
        np.testing.assert_array_equal(some, all_of[order])
    for other in (key_of(40, seed=1), key_of(40, step=2), key.child("2")):
        assert not np.array_equal(
            mixer.mixture(other, 40, 90, (3, 8, 6)).shares, whole.shares
        )


@pytest.mark.parametrize("mixer", MIXERS, ids=repr)
@pytest.mark.parametrize("count", [1, 3, 60_000])
def test_second_images_are_any_of_the_set_and_shares_are_exact(mixer, count):
    mixture = mixer.mixture(key_of(600), 600, count, (1, 28, 28))
    assert mixture.rows.min() >= 0
    assert mixture.rows.max() < count
    assert abs(mixture.rows.mean() - (count - 1) / 2) <= 5 * count / np.sqrt(12 * 600)
    wide = mixture.shares.astype(np.float64)
    np.testing.assert_array_equal(1 - wide, np.float32(1) - mixture.shares)


def test_the_table_of_a_mixture_holds_both_operations():
    images = images_of(5)
    own, other = (Pipeline(5, images) for _ in range(2))
    for pipeline, seed in ((own, 0), (other, 1)):
        pipeline.add(RandomAffine(), key_of(5, seed))
    mixture = Mixup().mixture(key_of(5), 5, 9, (3, 8, 6))
    mixture = mixture._replace(recorded=other.recorded())
    both = mixed(own.recorded(), mixture)
    assert both.steps[-1].tolist() == [MIX, 6]
    np.testing.assert_array_equal(both.table[:, :6], own.recorded().table)
    np.testing.assert_array_equal(both.table[:, 6], mixture.rows)
    np.testing.assert_array_equal(both.table[:, 12:], other.recorded().table)
    alone = mixed(None, mixture._replace(recorded=None))
    assert alone.table.shape == (5, 6)


def test_one_augmentation_of_a_list_mixes():
    assert [is_mixer(change) for change in (*MIXERS, RandomFlip())] == [
        True,
        True,
        False,
    ]
    assert only_mixer([]) is None
    assert only_mixer([RandomFlip(), Mixup()]) == 1
    with pytest.raises(
        ConfigError, match=r"got Mixup\(alpha=1\) and CutMix\(alpha=1\)"
    ):
        only_mixer(MIXERS)


def test_an_image_that_keeps_its_share_keeps_its_bits():
    """Also the sign of a zero."""
    image = np.array([[[[-0.0, 1e-30]]]], np.float32)
    numbers = np.zeros(1, np.int64), *(np.ones(1, np.float32),) * 2
    mixture = Mixture(*numbers, np.zeros((1, 4), np.int64))
    assert mix(image, image + 1, mixture).tobytes() == image.tobytes()
