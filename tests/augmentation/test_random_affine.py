import numpy as np
import pytest

from handgrad.augmentation import RandomAffine
from handgrad.augmentation.recorded_operations import Pipeline, from_bits
from handgrad.errors import ConfigError

from .laws import assert_follows_the_laws, images_of, key_of


def maps_of(change, count, shape=(1, 9, 5)):
    """The affine maps that are drawn, (count, 2, 3)."""
    pipeline = Pipeline(count, images_of(1, shape))
    change.record(pipeline, key_of(count))
    return from_bits(pipeline.recorded().table).reshape(count, 2, 3)


@pytest.mark.parametrize(
    "change", [RandomAffine(), RandomAffine(180.0, 1.0, 1.0, 1.0), RandomAffine(5.0)]
)
def test_follows_the_laws_of_every_augmentation(change):
    assert_follows_the_laws(change)


def test_a_change_of_nothing_is_nothing():
    images, nothing = images_of(9), RandomAffine(0.0, 0.0, 0.0, 0.0)
    np.testing.assert_array_equal(nothing.apply(images, key_of(9)), images)


def test_a_rotation_keeps_lengths_and_the_centre():
    maps = maps_of(RandomAffine(30.0, 0.0, 0.0), 500)
    linear = maps[:, :, :2].astype(np.float64)
    squares = linear @ linear.transpose(0, 2, 1)
    np.testing.assert_allclose(squares, np.tile(np.eye(2), (500, 1, 1)), atol=1e-6)
    angles = np.degrees(np.arctan2(linear[:, 0, 1], linear[:, 0, 0]))
    assert 29 < np.abs(angles).max() <= 30.001
    assert abs(angles.mean()) < 5 * 30 / np.sqrt(3 * 500)
    np.testing.assert_allclose(maps @ [4, 2, 1], np.tile([4, 2], (500, 1)), atol=1e-5)


def test_a_positive_angle_turns_the_content_counter_clockwise():
    """A pixel right of the centre is read where the content stood: below it."""
    maps = maps_of(RandomAffine(30.0, 0.0, 0.0), 50)
    turned = maps[maps[:, 0, 1] > 0] @ [4, 4, 1]  # two columns right of the centre
    assert (turned[:, 0] > 4).all()


@pytest.mark.parametrize(
    ("change", "least", "most"),
    [
        (RandomAffine(0.0, 0.5, 0.0), 1 / 1.5, 1.5),
        (RandomAffine(0.0, 0.0, 0.0), 1, 1),
    ],
)
def test_the_scale_is_the_same_along_both_axes(change, least, most):
    maps = maps_of(change, 500)
    zoom = maps[:, 0, 0]
    np.testing.assert_array_equal(maps[:, 1, 1], zoom)
    np.testing.assert_array_equal(maps[:, 0, 1], 0)
    assert least - 1e-6 <= zoom.min() <= zoom.max() <= most + 1e-6
    assert np.log(zoom.max() / zoom.min()) >= 0.95 * np.log(most / least)


def test_a_shift_is_a_fraction_of_the_height_and_of_the_width():
    shift = maps_of(RandomAffine(0.0, 0.0, 0.5), 500)[:, :, 2]
    assert 0.95 * 4.5 < np.abs(shift[:, 0]).max() <= 4.5
    assert 0.95 * 2.5 < np.abs(shift[:, 1]).max() <= 2.5
    assert abs(np.corrcoef(shift.T)[0, 1]) < 0.25


def test_a_shear_moves_rows_sideways():
    maps = maps_of(RandomAffine(0.0, 0.0, 0.0, 0.3), 500)
    np.testing.assert_array_equal(maps[:, 0, :2], [[1, 0]] * 500)
    np.testing.assert_array_equal(maps[:, 1, 1], 1)
    assert 0.28 < np.abs(maps[:, 1, 0]).max() <= 0.3 + 1e-6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rotation": 181.0}, "rotation from 0 to 180, got 181"),
        ({"scale": -0.1}, "scale from 0 to 1, got -0.1"),
        ({"translation": float("nan")}, "translation from 0 to 1, got nan"),
        ({"shear": float("inf")}, "shear from 0 to 1, got inf"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(options, words):
    with pytest.raises(ConfigError, match=f"random_affine takes {words}"):
        RandomAffine(**options)


def test_says_what_it_is():
    expected = "RandomAffine(rotation=5, scale=0.1, translation=0.1, shear=0)"
    assert repr(RandomAffine(5.0)) == expected
