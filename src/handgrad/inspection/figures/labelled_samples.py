"""Sample images of a data set, by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import Grid, blank, grid_figure, pixels
from handgrad.inspection.figures.style import (
    INK,
    TEXT_SIZE,
    class_labels,
    title,
)
from handgrad.ranges import check_count

MOST_CLASSES = 20
MOST_ACROSS = 200


def labelled_samples(
    images: NumpyArray,
    targets: NumpyArray,
    class_names: Sequence[str],
    *,
    per_class: int = 10,
    heading: str = "Labelled samples",
) -> Figure:
    """Draw the first images of each class, one class per row, under a `heading`.

    Shapes
        images   (count, channels, height, width), uint8
        targets  (count,)
    """
    check_count("labelled_samples", "per_class", per_class, most=MOST_ACROSS)
    shown = min(len(class_names), MOST_CLASSES)
    height, width = images.shape[2:]
    grid = Grid(height, width, per_class, 0.12 * width, 0.12 * height)
    empty = np.full((height, width, 3), blank(), dtype=np.uint8)
    pictures = []
    for target in range(shown):
        rows = np.flatnonzero(targets == target)[:per_class]
        pictures += [pixels(images[row]) for row in rows]
        pictures += [empty] * (per_class - len(rows))
    figure, axes = grid_figure(pictures, grid, 0.66 / width, (1.5, 0.8))
    middles = [grid.corner(row * per_class)[1] + height / 2 for row in range(shown)]
    axes.set_yticks(middles, class_labels(class_names[:shown]))
    axes.tick_params(labelcolor=INK, labelsize=TEXT_SIZE + 1)
    more = (
        f"; {shown} of {len(class_names)} classes" if shown < len(class_names) else ""
    )
    size = f"{width} x {height}, {'grey' if images.shape[1] == 1 else 'colour'}"
    title(axes, heading, f"{len(images):,} images, {size}{more}")
    return figure
