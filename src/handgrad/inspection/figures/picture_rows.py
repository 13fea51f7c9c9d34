"""Rows of small pictures of arrays, each row with its name."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.first_layer_weights import SIGNED
from handgrad.inspection.figures.grid import Grid, draw_grid
from handgrad.inspection.figures.style import (
    EMPTY,
    GRID,
    INK,
    TEXT_SIZE,
    new_figure,
    plain,
)

ACROSS = 16  # pictures in a row
SIDE = 32  # pixels of a picture's side as drawn


def picture_rows(
    rows: Sequence[tuple[str, Sequence[NumpyArray]]], across: int = ACROSS
) -> tuple[Figure, Axes]:
    """A figure with one row for each name and its pictures, at most `across` of them.

    A row of fewer is filled up with blank pictures.

    Shapes
        pictures  (height, width, 3), colours from 0 to 1
    """
    pictures = [resized(picture) for _, row in rows for picture in filled(row, across)]
    grid = Grid(SIDE, SIDE, across, 0.12 * SIDE, 0.2 * SIDE)
    width, height = grid.extent(len(pictures))
    figure = new_figure(9.6, 9.6 * height / width * 0.86 + 0.7)
    axes = figure.add_subplot()
    draw_grid(axes, pictures, grid)
    places = [grid.corner(row * across)[1] + SIDE / 2 for row in range(len(rows))]
    axes.set_yticks(places, [plain(name) for name, _ in rows])
    axes.tick_params(labelcolor=INK, labelsize=TEXT_SIZE)
    axes.spines[:].set_color(GRID)
    return figure, axes


def filled(row: Sequence[NumpyArray], count: int) -> list[NumpyArray]:
    """The first pictures of a row, and blank ones up to that many."""
    shown = list(row[:count])
    return shown + [_blank()[None, None]] * (count - len(shown))


def signed_pictures(values: NumpyArray, most: int = ACROSS) -> list[NumpyArray]:
    """The first maps of an array as colours, on one scale; numbers as flat squares.

    Blue is positive, white 0, orange negative.

    Shapes
        values  (maps, height, width), or (features,)
    """
    numbers = np.asarray(values, dtype=np.float64)
    finite = np.abs(numbers[np.isfinite(numbers)])
    reach = max(float(finite.max(initial=0.0)), 1e-12)
    squares = numbers if numbers.ndim == 3 else numbers[:, None, None]
    return [SIGNED(0.5 + 0.5 * square / reach)[..., :3] for square in squares[:most]]


def resized(picture: NumpyArray) -> NumpyArray:
    """Nearest pixels at one size, so that small maps fill their place."""
    down = np.arange(SIDE) * picture.shape[0] // SIDE
    across = np.arange(SIDE) * picture.shape[1] // SIDE
    nearest: NumpyArray = picture[down][:, across]
    return nearest


def sizes(shape: Sequence[int]) -> str:
    """A shape as it is written under a name."""
    return " x ".join(map(str, shape))


def _blank() -> NumpyArray:
    """The colour of a place without a map."""
    values = [int(EMPTY[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return np.array(values)
