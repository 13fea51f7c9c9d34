import numpy as np
import pytest

from handgrad.inspection.figures.grid import (
    Grid,
    blank,
    caption,
    full_rows,
    grid_figure,
    pixels,
)
from handgrad.inspection.figures.style import INK, ORANGE


def test_images_are_placed_row_by_row():
    grid = Grid(height=10, width=20, columns=3, gap=2, gap_below=4)
    assert grid.corner(0) == (0, 0)
    assert grid.corner(2) == (44, 0)
    assert grid.corner(3) == (0, 14)
    assert grid.extent(4) == (64, 28)


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_repeated_and_colour_kept(channels):
    image = np.arange(channels * 6, dtype=np.uint8).reshape(channels, 2, 3)
    drawn = pixels(image)
    assert drawn.shape == (2, 3, 3)
    np.testing.assert_array_equal(drawn[..., 2], image[-1])


@pytest.mark.parametrize("channels", [2, 4, 13])
def test_other_channels_are_averaged_to_grey_bytes(channels):
    """matplotlib takes floats from 0 to 1 only, and draws larger ones white."""
    image = np.arange(channels * 6, dtype=np.uint8).reshape(channels, 2, 3)
    for given in (image, image * (1 / image.max())):
        drawn = pixels(given)
        assert (drawn.shape, drawn.dtype) == ((2, 3, 3), np.uint8)
    mean = np.rint(image.mean(axis=0))
    np.testing.assert_array_equal(pixels(image)[..., 1], mean)


@pytest.mark.parametrize(
    ("count", "ideal", "columns"), [(64, 9.5, 8), (6, 3.4, 3), (10, 4, 5), (1, 1, 1)]
)
def test_the_last_row_is_full_if_possible(count, ideal, columns):
    assert full_rows(count, ideal) == columns


def test_no_more_columns_than_images():
    assert full_rows(3, 9) == 3


def test_values_that_are_not_bytes_are_scaled_from_black_to_white():
    image = np.array([[[-1.0, 0.0, 3.0]]])
    assert pixels(image)[0, :, 0].tolist() == [0, 63, 255]
    assert pixels(np.zeros((1, 1, 2)))[0, :, 0].tolist() == [0, 0]


def test_a_figure_is_as_large_as_its_grid_and_edges():
    grid = Grid(height=10, width=20, columns=2, gap=0, gap_below=5)
    images = [np.zeros((10, 20, 3))] * 3
    figure, axes = grid_figure(images, grid, 0.1, (1.0, 0.5))
    assert figure.get_size_inches().tolist() == [5.0, 3.5]
    assert len(axes.images) == 3
    figure, _ = grid_figure(images, grid, 0.1, (1.0, 0.5), least=9.0)
    assert figure.get_size_inches().tolist() == [10.0, 3.5]


def test_a_caption_is_centred_below_its_image():
    grid = Grid(height=10, width=20, columns=2, gap=0, gap_below=5)
    _, axes = grid_figure([np.zeros((10, 20, 3))] * 2, grid, 0.1, (0.5, 0.5))
    caption(axes, grid, 1, "cat", 1.2)
    caption(axes, grid, 1, "dog", 1.4, color=ORANGE)
    assert [text.get_position() for text in axes.texts] == [(30, 12), (30, 14)]
    assert [text.get_color() for text in axes.texts] == [INK, ORANGE]


def test_empty_cells_are_light():
    assert blank() == (0xF5, 0xF6, 0xF8)
