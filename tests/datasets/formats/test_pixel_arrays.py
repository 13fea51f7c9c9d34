import numpy as np
import pytest

from handgrad.datasets.formats.pixel_arrays import images_of, square_shape
from handgrad.errors import DatasetError, HandgradWarning

from .makers import images


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4, 6, 5), (4, 1, 6, 5)),
        ((4, 6, 5, 3), (4, 3, 6, 5)),
        ((4, 6, 5, 1), (4, 1, 6, 5)),
        ((4, 3, 6, 5), (4, 3, 6, 5)),
        ((4, 1, 6, 5), (4, 1, 6, 5)),
        ((4, 36), (4, 1, 6, 6)),
        ((4, 108), (4, 3, 6, 6)),
    ],
)
def test_axes_are_those_of_a_network(shape, expected):
    array = images(*shape)
    found = images_of(array, "it")
    assert found.shape == expected
    if shape == (4, 108):
        return
    if array.ndim == 4 and shape[3] == 3:
        assert found[1, 2, 3, 4] == array[1, 3, 4, 2]
    else:
        assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("shape", [(4, 7), (4, 6, 5, 2), (4, 6, 5, 3, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(DatasetError, match="which is not images"):
        images_of(images(*shape), "it")


@pytest.mark.parametrize("kind", ["i8", "i4", "u2", "f4", "f8", ">i4"])
def test_whole_numbers_of_any_type_are_bytes(kind):
    array = images(3)
    np.testing.assert_array_equal(images_of(array.astype(kind), "it")[:, 0], array)


@pytest.mark.parametrize(
    ("width", "words"),
    [(36, "36 fractions.*grey images of 6 x 6"), (108, "colour images of 6 x 6")],
)
def test_rows_that_may_be_features_are_told(width, words, recwarn):
    images_of((images(4, width) / 255).astype("f2"), "it")
    images_of(images(4, width).astype("f4"), "it")
    assert not recwarn.list
    features = np.random.default_rng(0).random((5, width))
    with pytest.warns(HandgradWarning, match=words):
        assert images_of(features, "it").shape[2:] == (6, 6)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_fractions_are_scaled(kind):
    array = images(3)
    found = images_of((array / 255).astype(kind), "it")[:, 0]
    assert abs(found.astype(int) - array).max() <= (kind == "f2")
    np.testing.assert_array_equal(
        images_of(array > 99, "it")[:, 0], (array > 99) * np.uint8(255)
    )


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_rounding_errors_of_floats_are_removed(kind):
    array = images(3)
    scaled = (array / 255).astype(kind) * np.array(255, kind)
    np.testing.assert_array_equal(images_of(scaled, "it")[:, 0], array)
    noisy = array.astype(kind)
    noisy[0, 0, 0] = 254.99998
    assert images_of(noisy, "it")[0, 0, 0, 0] == 255


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("value", [1.5, 23.5, 9.3])
def test_fractions_above_1_are_refused(kind, value):
    array = images(3).astype(kind)
    array[1, 2, 3] = value
    said = f"it holds the pixel {value}.*, expected fractions .* Round or rescale them"
    with pytest.raises(DatasetError, match=said if kind != "f2" else "holds the pixel"):
        images_of(array, "it")


@pytest.mark.parametrize("value", [-1.0, 256.0, np.nan, np.inf])
def test_numbers_that_are_not_pixels_are_refused(value):
    array = images(3).astype(np.float32)
    array[1, 2, 3] = value
    with pytest.raises(DatasetError, match="holds pixels from"):
        images_of(array, "it")


def test_strings_and_empty_arrays_are_refused():
    with pytest.raises(DatasetError, match="not pixels"):
        images_of(np.full((2, 3, 3), "a"), "it")
    with pytest.raises(DatasetError, match="holds no images"):
        images_of(np.zeros((0, 3, 3)), "it")


def test_rows_of_colour_are_planes_or_pixels():
    ramp = np.add.outer(np.arange(8) * 9, np.arange(8) * 9)
    planes = np.stack([[ramp, 255 - ramp, ramp // 2]] * 3).astype(np.uint8)
    pixels = planes.transpose(0, 2, 3, 1)
    for rows in (planes, pixels):
        found = images_of(rows.reshape(3, -1), "it")
        np.testing.assert_array_equal(found, planes)


def test_a_row_is_a_square():
    assert square_shape(784) == (1, 28, 28)
    assert square_shape(3072) == (3, 32, 32)
    assert square_shape(785) is None
    assert square_shape(1) is None
