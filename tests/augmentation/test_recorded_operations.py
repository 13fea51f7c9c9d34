"""A recorded pipeline and copies are two ways to say the same, in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad import augmentation
from handgrad.augmentation import Augmentation, RandomAffine, RandomCrop, RandomFlip
from handgrad.augmentation.recorded_operations import (
    RESAMPLE,
    VIEW,
    Pipeline,
    as_bits,
    from_bits,
    is_recordable,
    perform,
)

from .laws import images_of, key_of

CHANGES = [
    augmentation.RandomAffine(40.0, 0.5, 0.3, 0.2),
    augmentation.RandomCrop(2),
    augmentation.RandomResizedCrop(0.2),
    augmentation.RandomFlip(),
    augmentation.RandomVerticalFlip(),
    augmentation.RandomRotate90(),
    augmentation.ColorJitter(0.5, 0.5, 0.5, 0.2),
    augmentation.RandomGrayscale(0.5),
    augmentation.GaussianNoise(0.1),
    augmentation.Cutout(3),
    augmentation.RandomErasing(0.7),
]


def test_every_augmentation_is_among_them():
    own = {getattr(augmentation, name) for name in augmentation.__all__}
    classes = {each for each in own if hasattr(each, "apply")} - {Augmentation}
    assert {type(change) for change in CHANGES} == classes


@given(
    changes=st.lists(st.sampled_from(CHANGES), max_size=5),
    dtype=st.sampled_from(["uint8", "float32"]),
    channels=st.integers(1, 3),
)
def test_what_is_recorded_does_what_copies_would_hold(changes, dtype, channels):
    images = images_of(5, (channels, 7, 7)).astype(dtype)
    expected, pipeline = images, Pipeline(5, images)
    for number, change in enumerate(changes):
        assert is_recordable(change)
        key = key_of(5).child(str(number))
        expected = change.apply(expected, key)
        pipeline.add(change, key)
    np.testing.assert_array_equal(perform(images, pipeline.recorded()), expected)


def test_moves_that_follow_one_another_are_one_operation():
    pipeline, key = Pipeline(3, images_of(3)), key_of(3)
    for change in (RandomFlip(), RandomCrop(2), RandomAffine(), RandomFlip()):
        pipeline.add(change, key)
    recorded = pipeline.recorded()
    assert recorded.steps[:, 0].tolist() == [VIEW, RESAMPLE, VIEW]
    assert recorded.columns(1).shape == (3, 6)
    assert recorded.table.flags.c_contiguous


def test_nothing_recorded_is_the_images():
    images = images_of(3)
    recorded = Pipeline(3, images).recorded()
    assert recorded.table.shape == (3, 0)
    assert perform(images, recorded) is images


class BothAnew(RandomAffine):
    """Both said again."""

    def apply(self, images, key):
        return super().apply(images, key)

    def record(self, pipeline, key):
        super().record(pipeline, key)


class OtherMap(RandomAffine):
    """Another map, through what both share."""

    def _affine(self, key, batch, shape):
        return super()._affine(key, batch, shape) + np.float32(1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [(BothAnew(), True), (OtherMap(), False), (object(), False), (RandomFlip(), True)],
)
def test_only_a_class_that_defines_both_is_recorded(change, expected):
    assert is_recordable(change) == expected


@pytest.mark.parametrize("number", [0.0, -1.5, 3.4e38, 1e-45])
def test_bits_hold_every_float32(number):
    numbers = np.array([number], np.float32)
    assert from_bits(as_bits(numbers)).tolist() == numbers.tolist()
