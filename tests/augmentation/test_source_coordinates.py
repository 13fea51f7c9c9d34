"""Views and transformed copies are equal, for any sequence of transformations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.augmentation.source_coordinates import Views, is_movable, look

from .laws import images_of, key_of

CHANGES = st.one_of(
    st.builds(RandomFlip),
    st.builds(RandomCrop, st.integers(0, 12)),
    st.builds(Cutout, st.integers(1, 12)),
)


@given(changes=st.lists(CHANGES, max_size=5), seed=st.integers(0, 9))
def test_views_equal_transformed_copies(changes, seed):
    images = images_of(17, seed=seed)
    expected, views = images, Views(17, 8, 6)
    for number, change in enumerate(changes):
        assert is_movable(change)
        key = key_of(17, seed).child(str(number))
        expected = change.apply(expected, key)
        change.view(views, key)
    np.testing.assert_array_equal(look(images, views.table), expected)


def test_the_initial_view_is_the_identity():
    images = images_of(3)
    np.testing.assert_array_equal(look(images, Views(3, 8, 6).table), images)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, -1), (-8, 0), (0, 99)])
def test_a_shift_by_hand(down, right):
    images, views = images_of(1), Views(1, 8, 6)
    views.shift(np.array([down]), np.array([right]))
    expected = np.zeros_like(images)
    for y in range(8):
        for x in range(6):
            if 0 <= y + down < 8 and 0 <= x + right < 6:
                expected[..., y, x] = images[..., y + down, x + right]
    np.testing.assert_array_equal(look(images, views.table), expected)


class HidesColumns(Cutout):
    """Overrides a method that only `apply` uses."""

    def _is_hidden(self, key, batch, length):
        return super()._is_hidden(key, batch, length) | (length == 6)


class BothAnew(RandomFlip):
    """Overrides both methods."""

    def apply(self, images, key):
        return super().apply(images, key)

    def view(self, views, key):
        super().view(views, key)


def test_only_a_class_that_defines_both_uses_views():
    assert is_movable(BothAnew())
    assert not is_movable(HidesColumns(2))
    assert not is_movable(object())
    flip = RandomFlip()
    flip.apply = flip.apply
    assert not is_movable(flip)
