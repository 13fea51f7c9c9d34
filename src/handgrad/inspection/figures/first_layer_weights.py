"""The weights of the first layer as images."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray, Shape
from handgrad.errors import ShapeError
from handgrad.inspection.figures.charts import SIGNED, SIGNS
from handgrad.inspection.figures.grid import Grid, caption, draw_grid, full_rows
from handgrad.inspection.figures.style import (
    GRID,
    class_labels,
    new_figure,
    title,
)

MOST = 64  # units shown
LONGEST = 34  # characters of a name
ACROSS = 13  # and of each of its lines
CELL = 0.95  # width of an image with a name, in inches, at least
LINE = 0.22  # height of a line of a name, with the space around it


def first_layer_weights(
    weight: NumpyArray, image_shape: Shape, *, names: Sequence[str] = ()
) -> Figure:
    """Draw each filter, or each hidden unit's weights, as an image.

    With one channel, blue is positive, white 0, orange negative, on one common scale.
    With three, each unit is a colour image on its own scale, and grey is 0.

    Shapes
        weight       (out_channels, in_channels, height, width) or
                     (out_features, in_features)
        image_shape  (channels, height, width) of the network's images
        names        one per unit, if units have a meaning (classes)
    """
    filters = _as_filters(weight, image_shape)
    shown = filters[:MOST]
    pictures = _pictures(shown)
    height, width = shown.shape[2:]
    labels = class_labels(names[: len(shown)], LONGEST, ACROSS)
    lines = max((label.count("\n") + 1 for label in labels), default=0)
    below = max((0.42 if names else 0.14) * height, lines * LINE / CELL * width)
    ideal = sqrt(len(shown) * (height + below) / width * 1.3)
    columns = full_rows(len(shown), ideal)
    grid = Grid(height, width, columns, 0.14 * width, below)
    figure = _drawn(pictures, grid, CELL if names else 0.0)
    for index, name in enumerate(labels):
        caption(figure.axes[0], grid, index, name, 1.06)
    kind = "filters" if weight.ndim == 4 else "units"
    count = f"{len(shown)} of {len(filters)}" if len(filters) > MOST else len(filters)
    scale = "each on its own scale, grey: 0" if shown.shape[1] == 3 else SIGNS
    title(figure.axes[0], "First-layer weights", f"{count} {kind}; {scale}")
    return figure


def _as_filters(weight: NumpyArray, image_shape: Shape) -> NumpyArray:
    """Weights as (units, channels, height, width)."""
    if weight.ndim == 4:
        return weight
    if weight.ndim == 2 and weight.shape[1] == np.prod(image_shape):
        return weight.reshape(-1, *image_shape)
    raise ShapeError(
        f"First-layer weights are drawn for images of shape {image_shape}, got weights "
        f"of shape {weight.shape}. Give the weights of the layer that takes the image."
    )


def _pictures(filters: NumpyArray) -> list[NumpyArray]:
    """Each filter as an array of colours (height, width, 3 or 4)."""
    if filters.shape[1] == 3:
        reach = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
        scaled = 0.5 + 0.5 * filters / np.maximum(reach, 1e-12)
        return list(scaled.transpose(0, 2, 3, 1))
    means = filters.mean(axis=1)
    reach = float(np.quantile(np.abs(means), 0.995))  # robust to single large weights
    return [SIGNED(0.5 + 0.5 * mean / max(reach, 1e-12)) for mean in means]


def _drawn(pictures: list[NumpyArray], grid: Grid, least: float) -> Figure:
    """A figure of the grid, whose images are `least` inches wide or wider."""
    width, height = grid.extent(len(pictures))
    inches = max(7.2 / max(width, height), least / grid.width)
    figure = new_figure(max(width * inches, 4.6), height * inches + 0.8)
    draw_grid(figure.add_subplot(), pictures, grid, frame=GRID)
    return figure
