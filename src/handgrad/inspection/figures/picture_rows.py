"""Rows of small images of arrays, each row with its name."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import SIGNED, SIGNS
from handgrad.inspection.figures.grid import Grid, blank, draw_grid
from handgrad.inspection.figures.style import (
    GRID,
    INK,
    TEXT_SIZE,
    new_figure,
    plain,
)

ACROSS = 16  # images per row
SIDE = 32  # side of a drawn image in pixels


def picture_rows(
    rows: Sequence[tuple[str, Sequence[NumpyArray]]], across: int = ACROSS
) -> tuple[Figure, Axes]:
    """A figure with one row per name and its images, at most `across` per row.

    Shorter rows are filled with blank images.

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


def note_of(counts: Iterable[int]) -> str:
    """What the colours of rows with so many images mean, and how many are drawn."""
    cut = any(count > ACROSS for count in counts)
    return f"first {ACROSS} of each; {SIGNS}" if cut else SIGNS


def filled(row: Sequence[NumpyArray], count: int) -> list[NumpyArray]:
    """The first `count` images of a row, filled with blank images."""
    shown = list(row[:count])
    empty = np.array([[blank()]]) / 255
    return shown + [empty] * (count - len(shown))


def signed_pictures(values: NumpyArray, most: int = ACROSS) -> list[NumpyArray]:
    """The first maps of an array as colours, on one scale; features as 1 x 1 squares.

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
    """The image resampled to SIDE x SIDE by nearest neighbour."""
    down = np.arange(SIDE) * picture.shape[0] // SIDE
    across = np.arange(SIDE) * picture.shape[1] // SIDE
    nearest: NumpyArray = picture[down][:, across]
    return nearest
