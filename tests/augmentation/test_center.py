from math import floor

import numpy as np
import pytest

from handgrad.augmentation import center_crop, logits_of_center
from handgrad.augmentation.center import as_fractions
from handgrad.augmentation.resample import about_the_centre, resample
from handgrad.errors import ConfigError

from .laws import images_of

FLOATS = np.random.default_rng(1).random((3, 2, 7, 6), dtype=np.float32)


def by_definition(image, fraction, shift=0):
    """Bilinear interpolation about the centre, pixel by pixel, in float64."""
    outputs = np.empty(image.shape)
    sizes = image.shape[1:]
    reflected = {n: [*range(n)[::-1], *range(n), *range(n)[::-1]] for n in sizes}
    for c, y, x in np.ndindex(image.shape):
        ends = []
        for place, size in zip((y, x), sizes, strict=True):
            centre = (size - 1) / 2
            at = centre + fraction * (place - centre) + shift
            low = floor(at)
            seen = [reflected[size][size + low + step] for step in (0, 1)]
            ends.append((*seen, at - low))
        (i, k, b), (j, n, a) = ends
        upper = (1 - a) * image[c, i, j] + a * image[c, i, n]
        lower = (1 - a) * image[c, k, j] + a * image[c, k, n]
        outputs[c, y, x] = (1 - b) * upper + b * lower
    return outputs


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.875, 1.0])
@pytest.mark.parametrize("shift", [0, 1, -1, 3, -5])
def test_equals_the_definition(fraction, shift):
    found = center_crop(FLOATS, fraction, shift)
    assert found.dtype == np.float32
    for image, crop in zip(FLOATS, found, strict=True):
        expected = by_definition(image, fraction, shift)
        np.testing.assert_allclose(crop, expected, atol=4e-6)


@pytest.mark.parametrize("images", [FLOATS, images_of(3)])
def test_a_whole_image_is_moved_without_rounding(images):
    moved = center_crop(images, 1.0, 1)
    np.testing.assert_array_equal(moved[..., :-1, :-1], images[..., 1:, 1:])
    np.testing.assert_array_equal(moved[..., -1, :-1], images[..., -1, 1:])
    moved = center_crop(images, 1.0, -2)
    np.testing.assert_array_equal(moved[..., 2:, 2:], images[..., :-2, :-2])
    np.testing.assert_array_equal(moved[..., 1, 2:], images[..., 0, :-2])


@pytest.mark.parametrize("images", [FLOATS, images_of(3)])
def test_is_bit_for_bit_the_resampling_of_training(images):
    linear = np.tile(0.875 * np.eye(2), (3, 1, 1))
    affine = about_the_centre(linear, images.shape[1:])
    found = center_crop(images, 0.875)
    np.testing.assert_array_equal(found, resample(images, affine))


def test_bytes_are_rounded_and_the_whole_image_is_itself():
    images = images_of(4)
    np.testing.assert_array_equal(center_crop(images, 1.0), images)
    found = center_crop(images, 0.8)
    assert found.dtype == np.uint8
    exact = np.stack([by_definition(image, 0.8) for image in images])
    assert np.abs(found - exact).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("count", [0, 1, 5])
def test_logits_are_those_of_the_crops_in_parts(count, monkeypatch):
    monkeypatch.setattr("handgrad.augmentation.center.PART", 2)
    images = images_of(count)
    seen = []

    def answers(images):
        seen.append(len(images))
        return images[:, 0, 0, :3].astype(np.float32)

    found = logits_of_center(answers, images, 0.7)
    np.testing.assert_array_equal(found, answers(center_crop(images, 0.7)))
    assert max(seen[:-1]) <= 2


def test_logits_of_several_parts_are_averaged():
    def answers(images):
        return images[:, 0, 0, :3]  # a view, which must not be changed

    before = FLOATS.copy()
    found = logits_of_center(answers, FLOATS, [1.0, 0.7, 0.5])
    np.testing.assert_array_equal(FLOATS, before)
    each = [answers(center_crop(FLOATS, f)).astype(float) for f in (1.0, 0.7, 0.5)]
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-6)
    assert found.dtype == np.float32
    one = logits_of_center(answers, FLOATS, (0.7,))
    np.testing.assert_array_equal(one, logits_of_center(answers, FLOATS, 0.7))


def test_logits_of_shifted_images_are_averaged():
    def answers(images):
        return images[:, 0, 0, :3]

    before = FLOATS.copy()
    found = logits_of_center(answers, FLOATS, shift=2)
    np.testing.assert_array_equal(FLOATS, before)
    both = [answers(center_crop(FLOATS, 1.0, s)) for s in (2, -2)]
    np.testing.assert_allclose(found, np.mean(both, axis=0), rtol=1e-6)
    found = logits_of_center(answers, FLOATS, (1.0, 0.5), 1)
    views = [(1.0, 1), (1.0, -1), (0.5, 1), (0.5, -1)]
    each = [answers(center_crop(FLOATS, *view)) for view in views]
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-6)


def test_an_array_of_parts_is_taken():
    assert as_fractions(np.array([1.0, 0.8])) == (1.0, 0.8)


@pytest.mark.parametrize("wrong", [True, None, "0.8", [1, "x"], np.ones((2, 2)), {1}])
def test_what_is_no_part_is_refused_in_one_sentence(wrong):
    sentence = r"^logits_of_center takes fraction from 0\.1 to 1, got [^\n]*$"
    with pytest.raises(ConfigError, match=sentence):
        as_fractions(wrong)


def test_no_part_and_a_wrong_one_among_others_are_refused():
    def answers(images):
        return images[:, 0, 0, :3]

    with pytest.raises(ConfigError, match="takes at least one fraction, got none"):
        logits_of_center(answers, FLOATS, [])
    with pytest.raises(ConfigError, match=r"takes fraction from 0\.1 to 1, got 0\.05"):
        logits_of_center(answers, FLOATS, [1.0, 0.05])


@pytest.mark.parametrize("fraction", [0.09, 1.1, float("nan")])
def test_refuses_parts_that_are_none(fraction):
    with pytest.raises(ConfigError, match=r"center_crop takes fraction from 0\.1 to 1"):
        center_crop(FLOATS, fraction)
