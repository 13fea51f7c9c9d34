"""A grid of many small images, drawn on one axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.style import EMPTY, INK, TEXT_SIZE, new_figure, quiet


@dataclass(frozen=True)
class Grid:
    """Layout of a grid of images, in image pixels.

    Units
        gap, gap_below  pixels between columns and between rows (space for a label)
    """

    height: int
    width: int
    columns: int
    gap: float
    gap_below: float

    def corner(self, index: int) -> tuple[float, float]:
        """Left and top edge of an image."""
        row, column = divmod(index, self.columns)
        return column * (self.width + self.gap), row * (self.height + self.gap_below)

    def rows(self, count: int) -> int:
        """The number of rows for `count` images."""
        return -(-count // self.columns)

    def extent(self, count: int) -> tuple[float, float]:
        """Width and height of the grid, including the space below the last row."""
        return (
            self.columns * (self.width + self.gap) - self.gap,
            self.rows(count) * (self.height + self.gap_below),
        )


def pixels(image: NumpyArray) -> NumpyArray:
    """One image (channels, height, width) as matplotlib takes it (height, width, 3).

    Grey is repeated; an image with a channel count other than 1 or 3 is averaged over
    its channels. Values that are not bytes are scaled: minimum black, maximum white.
    """
    image = _as_bytes(image)
    if image.shape[0] not in (1, 3):
        image = np.rint(image.mean(axis=0, keepdims=True)).astype(np.uint8)
    colored = np.broadcast_to(image, (3, *image.shape[1:]))
    return np.asarray(colored, dtype=image.dtype).transpose(1, 2, 0)


def _as_bytes(image: NumpyArray) -> NumpyArray:
    if image.dtype == np.uint8:
        return image
    values = np.asarray(image, dtype=np.float64)
    low, high = values.min(), values.max()
    scaled: NumpyArray = 255 * (values - low) / max(high - low, 1e-12)
    return np.asarray(scaled, dtype=np.uint8)


def full_rows(count: int, ideal: float) -> int:
    """A number of columns near the ideal that fills the last row, if there is one."""
    near = min(max(round(ideal), 1), count)
    choices = range(max(near - 2, 1), near + 3)
    even = [columns for columns in choices if count % columns == 0]
    return min(even or [near], key=lambda columns: abs(columns - near))


def draw_grid(
    axes: Axes, images: Sequence[NumpyArray], grid: Grid, *, frame: str = ""
) -> None:
    """Draw every image (height, width, 3); `frame` is the colour of its outline."""
    for index, image in enumerate(images):
        left, top = grid.corner(index)
        axes.imshow(
            image,
            extent=(left, left + grid.width, top + grid.height, top),
            interpolation="nearest",
        )
        if frame:
            axes.add_patch(
                Rectangle(
                    (left, top), grid.width, grid.height, fill=False, edgecolor=frame
                )
            )
    width, height = grid.extent(len(images))
    axes.set_xlim(-0.5, width + 0.5)
    axes.set_ylim(height, -0.5)
    axes.set_aspect("equal")
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])


def grid_figure(
    images: Sequence[NumpyArray],
    grid: Grid,
    inches: float,
    edges: tuple[float, float],
    *,
    least: float = 0.0,
) -> tuple[Figure, Axes]:
    """A figure of a grid, `inches` per pixel, with space at its edges.

    Units
        edges  inches added to the width and the height
        least  inches that the width has at least, without the edge
    """
    across, down = grid.extent(len(images))
    width = max(across * inches, least) + edges[0]
    figure = new_figure(width, down * inches + edges[1])
    axes = figure.add_subplot()
    draw_grid(axes, images, grid)
    return figure, axes


def caption(
    axes: Axes, grid: Grid, index: int, text: str, line: float, **options: Any
) -> None:
    """Write a text below an image, `line` heights below its upper edge."""
    left, top = grid.corner(index)
    style = {"ha": "center", "va": "top", "color": INK, "fontsize": TEXT_SIZE}
    down = top + grid.height * line
    axes.text(left + grid.width / 2, down, text, **{**style, **options})


def blank() -> tuple[int, int, int]:
    """The colour of an empty cell, red, green and blue from 0 to 255."""
    red, green, blue = bytes.fromhex(EMPTY[1:])
    return red, green, blue
