import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions import images as definition
from handgrad.augmentation.resample import about_the_centre, fold, resample

from .laws import images_of

IDENTITY = np.eye(2, 3, dtype=np.float32)[None]


def affine_of(count, seed=0, spread=1.0, reach=30.0):
    """Any affine maps, some of which read far outside."""
    draws = np.random.default_rng(seed)
    linear = np.eye(2) + spread * draws.normal(size=(count, 2, 2))
    offset = reach * draws.normal(size=(count, 2, 1))
    return np.concatenate([linear, offset], axis=2).astype(np.float32)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(3, 8, 6), (1, 1, 5), (2, 7, 1), (1, 1, 1)])
def test_it_is_its_definition_to_the_bit(shape, dtype):
    images, affine = images_of(5, shape).astype(dtype), affine_of(5)
    outputs = resample(images, affine)
    assert outputs.dtype == dtype
    for number in range(5):
        expected = definition.resample(images[number], affine[number])
        np.testing.assert_array_equal(outputs[number], expected)


@given(place=st.integers(-99, 99), length=st.integers(1, 9))
def test_a_place_outside_is_reflected_until_it_is_inside(place, length):
    assert fold(np.array(place), length) == definition.reflected(place, length)


def test_the_identity_and_whole_pixels_change_no_value():
    images = images_of(4)
    np.testing.assert_array_equal(resample(images, IDENTITY.repeat(4, 0)), images)
    shift = IDENTITY.repeat(4, 0)
    shift[:, :, 2] = (2, -3)
    padded = np.pad(images, ((0, 0), (0, 0), (3, 3), (3, 3)), mode="symmetric")
    expected = padded[:, :, 5 : 5 + 8, 0:6]
    np.testing.assert_array_equal(resample(images, shift), expected)


@pytest.mark.parametrize("value", [0, 1, 137, 255])
def test_a_uniform_image_stays_uniform(value):
    images = np.full((20, 1, 9, 5), value, np.uint8)
    np.testing.assert_array_equal(resample(images, affine_of(20, 3)), images)


def test_half_a_pixel_is_the_mean_of_two():
    image = np.array([[[[10, 21, 255]]]], np.uint8)
    shift = IDENTITY + np.array([[0, 0, 0], [0, 0, 0.5]], np.float32)
    assert resample(image, shift).tolist() == [[[[16, 138, 255]]]]


def test_a_map_about_the_centre_leaves_the_centre():
    linear = np.array([[[0.0, 1.0], [-1.0, 0.0]]])
    affine = about_the_centre(linear, (3, 5, 9), np.array([[0.2, 1 / 3]]))
    moved = affine[0] @ np.array([2, 4, 1], np.float32)
    np.testing.assert_allclose(moved, (2 + 1, 4 + 3), rtol=1e-6)


def test_it_agrees_with_torch():
    torch = pytest.importorskip("torch")
    images, affine = images_of(6).astype(np.float32), affine_of(6, 1, 0.3, 2.0)
    y, x = np.meshgrid(np.arange(8), np.arange(6), indexing="ij")
    places = np.stack([y, x, np.ones_like(y)], axis=-1) @ affine[:, None].swapaxes(2, 3)
    scaled = (2 * places + 1) / np.array([8, 6]) - 1  # as torch counts: -1 to 1
    grid = torch.from_numpy(scaled[..., ::-1].astype(np.float32).copy())
    options = {"padding_mode": "reflection", "align_corners": False}
    expected = torch.nn.functional.grid_sample(
        torch.from_numpy(images), grid, mode="bilinear", **options
    )
    np.testing.assert_allclose(resample(images, affine), expected, atol=0.01)
