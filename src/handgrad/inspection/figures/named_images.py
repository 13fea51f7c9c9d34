"""Images in rows, each with its name below."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import (
    Grid,
    caption,
    full_rows,
    grid_figure,
    pixels,
)
from handgrad.inspection.figures.style import plain, title

IDEAL_COLUMNS = 8
SIDE_INCHES = 1.15


def named_images(images: NumpyArray, names: Sequence[str], *, what: str = "") -> Figure:
    """Draw every image with its name.

    Shapes
        images  (count, channels, height, width), uint8
    """
    height, width = images.shape[2:]
    columns = full_rows(len(images), min(IDEAL_COLUMNS, len(images)))
    grid = Grid(height, width, columns, 0.18 * width, 0.4 * height)
    shown = [pixels(image) for image in images]
    inches = SIDE_INCHES / width
    figure, axes = grid_figure(shown, grid, inches, (0.3, 0.7), least=3.4)
    for index, name in enumerate(names):
        caption(axes, grid, index, plain(name), 1.05)
    title(axes, f"The first {len(images)} images", what)
    return figure
