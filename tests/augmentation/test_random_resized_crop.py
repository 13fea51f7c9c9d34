import numpy as np
import pytest

from handgrad.augmentation import RandomResizedCrop
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of
from .test_random_affine import maps_of


@pytest.mark.parametrize("area", [0.05, 0.5])
def test_follows_the_laws_of_every_augmentation(area):
    assert_follows_the_laws(RandomResizedCrop(area))


def test_the_whole_image_is_nothing():
    images, whole = images_of(9), RandomResizedCrop(1.0, 0.0)
    np.testing.assert_array_equal(whole.apply(images, key_of(9)), images)


@pytest.mark.parametrize("stretch", [0.0, 0.5])
def test_every_part_lies_inside_and_has_its_area_and_aspect(stretch):
    """A crop reads from the outer edge of its first pixel to that of its last."""
    maps = maps_of(RandomResizedCrop(0.2, stretch), 2000).astype(np.float64)
    sides = maps[:, [0, 1], [0, 1]]
    first = maps @ [-0.5, -0.5, 1] + 0.5
    last = maps @ [8.5, 4.5, 1] + 0.5
    assert first.min() > -1e-5
    assert (last < np.array([9, 5]) + 1e-5).all()
    np.testing.assert_allclose(last - first, sides * [9, 5], atol=1e-5)
    area, aspect = sides.prod(axis=1), sides[:, 1] / sides[:, 0]
    assert 0.2 / (1 + stretch) - 1e-6 <= area.min() < 0.21
    assert area.max() > 0.95 - stretch / 2
    assert 1 / (1 + stretch) - 1e-5 <= aspect.min()
    assert aspect.max() <= 1 + stretch + 1e-5
    middle = (first + last) / 2
    np.testing.assert_allclose(middle.mean(axis=0), [4.5, 2.5], rtol=0.03)


@pytest.mark.parametrize("area", [0.0, 1.1, float("nan")])
def test_an_area_that_cannot_be_is_refused(area):
    with pytest.raises(ConfigError, match=r"random_resized_crop takes area from 0\.01"):
        RandomResizedCrop(area)


def test_says_what_it_is():
    assert repr(RandomResizedCrop(0.5)) == (
        "RandomResizedCrop(area=0.5, stretch=0.333333)"
    )
