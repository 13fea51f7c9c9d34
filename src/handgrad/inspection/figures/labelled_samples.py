"""Sample images of a data set, by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import Grid, draw_grid, pixels
from handgrad.inspection.figures.style import (
    EMPTY,
    INK,
    TEXT_SIZE,
    class_labels,
    new_figure,
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
    blank = np.full((height, width, 3), _blank(), dtype=np.uint8)
    pictures = []
    for target in range(shown):
        rows = np.flatnonzero(targets == target)[:per_class]
        pictures += [pixels(images[row]) for row in rows]
        pictures += [blank] * (per_class - len(rows))
    across, down = grid.extent(len(pictures))
    inches = 0.66 / width
    figure = new_figure(across * inches + 1.5, down * inches + 0.8)
    axes = figure.add_subplot()
    draw_grid(axes, pictures, grid)
    middles = [grid.corner(row * per_class)[1] + height / 2 for row in range(shown)]
    axes.set_yticks(middles, class_labels(class_names[:shown]))
    axes.tick_params(labelcolor=INK, labelsize=TEXT_SIZE + 1)
    more = (
        f"; {shown} of {len(class_names)} classes" if shown < len(class_names) else ""
    )
    size = f"{width} x {height}, {'grey' if images.shape[1] == 1 else 'colour'}"
    title(axes, heading, f"{len(images):,} images, {size}{more}")
    return figure


def _blank() -> tuple[int, ...]:
    """The colour of an empty cell."""
    return tuple(int(EMPTY[place : place + 2], 16) for place in (1, 3, 5))
