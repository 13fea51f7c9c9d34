"""A gallery of images, each with two lines below: what is given, and what is found."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import Grid, draw_grid, pixels
from handgrad.inspection.figures.style import (
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

COLUMNS = 8
COLORS = (INK, ORANGE)


def captioned_images(
    images: Sequence[NumpyArray],
    captions: Sequence[tuple[str, str]],
    heading: str,
    note: str,
) -> Figure:
    """Draw every image with its caption; without images, the note alone.

    Shapes
        images  each (channels, height, width)
    """
    if not images:
        return _note_alone(heading, note)
    height, width = images[0].shape[1:]
    columns = min(COLUMNS, len(images))
    grid = Grid(height, width, columns, 0.28 * width, 0.62 * height)
    across, down = grid.extent(len(images))
    inches = 1.22 / (width + grid.gap)
    figure = new_figure(max(across * inches, 3.4) + 0.3, down * inches + 0.8)
    axes = figure.add_subplot()
    draw_grid(axes, [pixels(image) for image in images], grid)
    for index, lines in enumerate(captions):
        left, top = grid.corner(index)
        for line, (text, color) in enumerate(zip(lines, COLORS, strict=True)):
            axes.text(
                left + width / 2,
                top + height * (1.04 + 0.2 * line),
                text,
                ha="center",
                va="top",
                color=color,
                fontsize=TEXT_SIZE - 1.5,
            )
    title(axes, heading, note)
    return figure


def _note_alone(heading: str, note: str) -> Figure:
    figure = new_figure(5.0, 1.4)
    axes = figure.add_subplot()
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, heading)
    axes.text(0.0, 0.5, note, color=MUTED, fontsize=TEXT_SIZE + 1, va="center")
    return figure
