import numpy as np
import pytest

from handgrad.inspection.figures.grid import Grid, full_rows, pixels


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
