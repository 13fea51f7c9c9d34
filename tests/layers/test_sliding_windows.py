from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import AveragePool2d, Conv2d, MaxPool2d
from handgrad.layers.sliding_windows import (
    Windows,
    check_image,
    every,
    read_padding,
    read_pair,
    show_pair,
)
from handgrad.randomness import Key

from .images import cases


@given(case=cases())
def test_the_taps_of_a_window_are_its_pixels_row_by_row(case):
    windows = Windows(*case.pairs)
    (height, width), stride, _ = case.pairs
    images = windows.pad(case.normal())
    grid = windows.grid(case.shape[2:])
    seen = np.stack([images[tap.place] for tap in windows.taps(grid)], axis=-1)
    assert seen.shape[2:4] == grid
    for y, x in np.ndindex(*grid):
        top, left = y * stride[0], x * stride[1]
        window = images[:, :, top : top + height, left : left + width]
        np.testing.assert_array_equal(
            seen[:, :, y, x], window.reshape(*case.shape[:2], height * width)
        )


def test_dilation_spreads_the_taps_of_a_window():
    windows = Windows((2, 3), (1, 2), (0, 0), (3, 2))
    images = np.arange(6.0 * 8).reshape(6, 8)
    assert windows.reach == (4, 5)
    grid = windows.grid((6, 8))
    assert grid == (3, 2)
    seen = np.stack([images[tap.place] for tap in windows.taps(grid)], axis=-1)
    np.testing.assert_array_equal(seen[1, 1], images[1:5:3, 2:7:2].reshape(-1))


@pytest.mark.parametrize(
    ("length", "padding", "count"), [(5, 0, 3), (4, 0, 2), (2, 1, 2), (3, (0, 1), 2)]
)
def test_ceil_mode_adds_a_window_that_starts_inside(length, padding, count):
    windows = Windows((2, 2), (2, 2), (padding, padding), ceil_mode=True)
    assert windows.grid((length, length)) == (count, count)
    padded = windows.pad(np.ones((length, length)))
    assert padded.shape[0] >= 2 * count
    inside = windows.crop(padded, (length, length))
    assert inside.shape == (length, length)
    assert inside.all()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (2, (2, 2)),
        ((1, 2), (1, 2)),
        ([[1, 1], 2], (1, 2)),
        (((0, 1), (2, 2)), ((0, 1), (2, 2))),
    ],
)
def test_padding_is_read_in_its_simplest_form(given, read):
    assert read_padding("Conv2d", given) == read


@given(case=cases())
def test_the_grid_is_as_large_as_possible(case):
    windows = Windows(*case.pairs)
    sides = zip(case.shape[2:], windows.grid(case.shape[2:]), *case.pairs, strict=True)
    for length, count, kernel, stride, padding in sides:
        end = (count - 1) * stride + kernel
        assert end <= length + 2 * padding < end + stride


@pytest.mark.parametrize("size", [(2, 1), (9, 0), (0, 9), (2, 9), (1, 1)])
def test_one_window_must_fit_down_and_across(size):
    windows = Windows((5, 3), (2, 1), (1, 1))
    with pytest.raises(ShapeError, match=f"at least 3x1 pixels, got {size[0]}x"):
        windows.output_shape("Layer", 4, (2, *size))


def test_the_smallest_image_gives_one_output_per_channel():
    windows = Windows((5, 3), (2, 1), (1, 1))
    assert windows.output_shape("Layer", 4, (2, 3, 1)) == (4, 1, 1)


@given(case=cases())
def test_crop_undoes_pad(case):
    windows, images = Windows(*case.pairs), case.normal()
    padded = windows.pad(images, 7.0)
    assert windows.padded_zeros(images.shape, images).shape == padded.shape
    np.testing.assert_array_equal(windows.crop(padded, case.shape[2:]), images)
    assert np.sum(padded == 7.0) == padded.size - images.size


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_every_selects_count_indices(stride, count, start):
    numbers = list(range(100))[every(stride, count, start)]
    assert numbers == [start + stride * n for n in range(count)]


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, (1,), (1, 2, 3), (3, 0), "3", None, True, (True, 1)]
)
def test_an_invalid_pair_is_refused(value):
    with pytest.raises(ConfigError, match=r"Pool takes stride as .*Give, .*stride=2"):
        read_pair("Pool", "stride", value, least=1)


@pytest.mark.parametrize("value", [(3, 3), [3, 3], 3, np.int64(3), (np.int8(3), 3)])
def test_a_pair_in_any_form(value):
    assert read_pair("Pool", "stride", value, least=1) == (3, 3)


@pytest.mark.parametrize("shape", [(), (784,), (28, 28), (2, 3, 28, 28)])
def test_an_image_has_three_axes(shape):
    with pytest.raises(ShapeError, match=r"Pool takes images of shape \(channels, hei"):
        check_image("Pool", shape)
    assert check_image("Pool", (3, 28, 27)) == (28, 27)


def test_equal_sides_are_shown_once():
    assert show_pair((3, 3)) == "3"
    assert show_pair((3, 5)) == "(3, 5)"


@pytest.mark.parametrize(
    "layer", [Conv2d(1, 2, 5, key=Key(0)), MaxPool2d(5), AveragePool2d(5)]
)
@pytest.mark.parametrize("size", [(3, 7), (7, 3), (1, 1)])
def test_images_smaller_than_a_window_are_refused_without_a_network(layer, size):
    with pytest.raises(ShapeError, match="needs images of at least 5x5 pixels, got"):
        layer.forward(np.ones((2, 1, *size), np.float32))


@pytest.mark.parametrize(
    "layer", [Conv2d(1, 2, 3, key=Key(0)), MaxPool2d(2), AveragePool2d(2)]
)
def test_integers_are_refused_without_a_network(layer):
    """The sum of four bytes of 200 is 32 in a byte: their mean would be 8."""
    with pytest.raises(ConfigError, match=r"images.astype\('float32'\) / 255"):
        unwrap(type(layer).forward)(layer, np.full((2, 1, 4, 4), 200, np.uint8))
