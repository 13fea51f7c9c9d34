import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.errors import ConfigError
from handgrad.randomness import Key, random_bits


@given(count=st.integers(1, 2**31), step=st.integers(0, 2**32 - 1))
def test_whole_numbers_are_the_floor_of_the_draw(count, step):
    key = Key(3).at(step, np.array([5, 0, 2**32 - 1]))
    numbers = whole_numbers(key, (3, 2), count)
    bits = random_bits(key, (3, 2))
    expected = [[int(word) * count // 2**32 for word in row] for row in bits]
    assert numbers.tolist() == expected
    assert numbers.dtype == np.int64
    assert numbers.min() >= 0
    assert numbers.max() < count


def test_integers_are_uniform():
    counts = np.bincount(whole_numbers(Key(0).at(1), (30_000,), 6))
    assert len(counts) == 6
    assert np.abs(counts - 5000).max() < 5 * np.sqrt(5000)


@pytest.mark.parametrize("size", [8, 9, 99])
@pytest.mark.parametrize(
    ("make", "name"), [(Cutout, "cutout takes size"), (RandomCrop, "random_crop takes")]
)
def test_a_size_as_large_as_the_image_is_refused(make, name, size):
    make(7).check_images(8, 20)
    RandomFlip().check_images(1, 1)
    with pytest.raises(ConfigError, match=f"{name}.*below 8 for images of 8 x 20"):
        make(size).check_images(8, 20)
