"""One image on its way through a network."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.feature_maps import FeatureMap
from handgrad.inspection.figures.first_layer_weights import SIGNED
from handgrad.inspection.figures.grid import Grid, draw_grid, pixels
from handgrad.inspection.figures.style import (
    EMPTY,
    GRID,
    INK,
    TEXT_SIZE,
    new_figure,
    title,
)

ACROSS = 16  # maps shown of each layer
SIDE = 32  # pixels of a map's side as drawn


def feature_maps(
    image: NumpyArray, maps: Sequence[FeatureMap], *, caption: str = ""
) -> Figure:
    """The image, and under it one row for each layer that gives pictures.

    Blue is positive, white 0, orange negative, on one scale for each layer. Layers of
    plain features fill one row of small squares.

    Shapes
        image  (channels, height, width), uint8
    """
    shown = [found for found in maps if found.kind != "Flatten"]
    rows = [[_resized(pixels(image) / 255.0)], *(_pictures(found) for found in shown)]
    blank = np.broadcast_to(_blank(), (SIDE, SIDE, 3))
    pictures = [part for row in rows for part in row + [blank] * (ACROSS - len(row))]
    grid = Grid(SIDE, SIDE, ACROSS, 0.12 * SIDE, 0.2 * SIDE)
    width, height = grid.extent(len(pictures))
    figure = new_figure(9.6, 9.6 * height / width * 0.86 + 0.7)
    axes = figure.add_subplot()
    draw_grid(axes, pictures, grid)
    places = [grid.corner(row * ACROSS)[1] + SIDE / 2 for row in range(len(rows))]
    axes.set_yticks(places, ["image", *(_name(found) for found in shown)])
    axes.tick_params(labelcolor=INK, labelsize=TEXT_SIZE)
    axes.spines[:].set_color(GRID)
    title(axes, "Feature maps", caption or "blue: positive, white: 0, orange: negative")
    return figure


def _pictures(found: FeatureMap) -> list[NumpyArray]:
    """The first maps of a layer as colours; features as flat squares."""
    outputs = np.asarray(found.outputs, dtype=np.float64)
    reach = max(float(np.abs(outputs).max()), 1e-12)
    squares = outputs if outputs.ndim == 3 else outputs[:, None, None]
    return [
        _resized(SIGNED(0.5 + 0.5 * square / reach)[..., :3])
        for square in squares[:ACROSS]
    ]


def _resized(picture: NumpyArray) -> NumpyArray:
    """Nearest pixels at one size, so that small maps fill their place."""
    down = np.arange(SIDE) * picture.shape[0] // SIDE
    across = np.arange(SIDE) * picture.shape[1] // SIDE
    resized: NumpyArray = picture[down][:, across]
    return resized


def _name(found: FeatureMap) -> str:
    sizes = " x ".join(map(str, found.outputs.shape))
    return f"{found.layer}\n{sizes}"


def _blank() -> NumpyArray:
    """The colour of a place without a map."""
    values = [int(EMPTY[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return np.array(values)
