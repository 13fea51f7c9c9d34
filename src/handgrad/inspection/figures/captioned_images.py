"""A gallery of images, each with two lines below: what is given, and what is found."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import chart
from handgrad.inspection.figures.grid import Grid, caption, grid_figure, pixels
from handgrad.inspection.figures.style import MUTED, ORANGE, TEXT_SIZE, quiet, title

COLUMNS = 8
SMALL = TEXT_SIZE - 1.5


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
    grid = Grid(height, width, min(COLUMNS, len(images)), 0.28 * width, 0.62 * height)
    inches = 1.22 / (width + grid.gap)
    shown = [pixels(image) for image in images]
    figure, axes = grid_figure(shown, grid, inches, (0.3, 0.8), least=3.4)
    for index, (given, found) in enumerate(captions):
        caption(axes, grid, index, given, 1.04, fontsize=SMALL)
        caption(axes, grid, index, found, 1.24, fontsize=SMALL, color=ORANGE)
    title(axes, heading, note)
    return figure


def _note_alone(heading: str, note: str) -> Figure:
    figure, axes = chart(5.0, 1.4)
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, heading)
    axes.text(0.0, 0.5, note, color=MUTED, fontsize=TEXT_SIZE + 1, va="center")
    return figure
