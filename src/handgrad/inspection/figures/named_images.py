"""Images in rows, each with its name below."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import Grid, draw_grid, full_rows, pixels
from handgrad.inspection.figures.style import INK, TEXT_SIZE, new_figure, plain, title

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
    across, down = grid.extent(len(images))
    inches = SIDE_INCHES / width
    figure = new_figure(max(across * inches, 3.4) + 0.3, down * inches + 0.7)
    axes = figure.add_subplot()
    draw_grid(axes, [pixels(image) for image in images], grid)
    for index, name in enumerate(names):
        left, top = grid.corner(index)
        axes.text(
            left + width / 2,
            top + 1.05 * height,
            plain(name),
            ha="center",
            va="top",
            color=INK,
            fontsize=TEXT_SIZE,
        )
    title(axes, f"The first {len(images)} images", what)
    return figure
