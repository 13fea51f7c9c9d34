"""Parts that charts share: axes, titles, labels, legends and values."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.style import (
    BLUE,
    GRID,
    INK,
    MUTED,
    ORANGE,
    PALE,
    TEXT_SIZE,
    new_figure,
    quiet,
    title,
)

COLORS = (BLUE, ORANGE, PALE, INK, MUTED)  # of several lines, in this order
SIGNS = "blue: positive, white: 0, orange: negative"
SIGNED = LinearSegmentedColormap.from_list("signed", [ORANGE, "#ffffff", BLUE])


def chart(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure with the given size in inches, and its only axes."""
    figure = new_figure(width, height)
    return figure, figure.add_subplot()


def finish(
    axes: Axes,
    heading: str,
    note: str = "",
    *,
    across: str = "",
    up: str = "",
    grid: str = "y",
) -> None:
    """Remove the frame; write the title and the labels of the axes `across` and `up`.

    `grid` is the axis whose ticks get grid lines: x, y, or none if empty.
    """
    quiet(axes, grid=grid == "y")
    if grid == "x":
        axes.grid(axis="x", color=GRID)
    title(axes, heading, note)
    axes.set_xlabel(across, color=MUTED, fontsize=TEXT_SIZE)
    axes.set_ylabel(up, color=MUTED, fontsize=TEXT_SIZE)


def legend(owner: Axes | Figure, place: Any, **options: Any) -> None:
    """A legend without a frame, at a location of matplotlib."""
    options |= {"frameon": False, "labelcolor": INK, "fontsize": TEXT_SIZE}
    owner.legend(loc=place, **options)


def bar_values(axes: Axes, bars: BarContainer, form: str, gap: float = 2) -> None:
    """Write the value of each bar at its end."""
    axes.bar_label(bars, fmt=form, color=INK, fontsize=TEXT_SIZE, padding=gap)


def remark(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    offset: tuple[float, float],
    **options: Any,
) -> None:
    """Write a text near a point; the offset is in typographic points."""
    style = {"color": INK, "fontsize": TEXT_SIZE, "textcoords": "offset points"}
    axes.annotate(text, xy=at, xytext=offset, **{**style, **options})


def vertical(axes: Axes, at: float) -> None:
    """A dotted line across the axes."""
    axes.axvline(at, color=ORANGE, linewidth=1, linestyle=(0, (2, 3)))


def vertical_note(axes: Axes, at: float, text: str, *, on_left: bool = True) -> None:
    """A text at the lower end of a vertical line."""
    remark(
        axes,
        text,
        (at, 0),
        (-6 if on_left else 6, 8),
        xycoords=axes.get_xaxis_transform(),  # x: data, y: fraction of the height
        ha="right" if on_left else "left",
        color=ORANGE,
    )


def signed_image(axes: Axes, values: NumpyArray) -> None:
    """A matrix as an image: blue is positive, white 0, orange negative."""
    reach = max(float(np.abs(values).max()), 1e-12)
    axes.imshow(
        values,
        cmap=SIGNED,
        vmin=-reach,
        vmax=reach,
        aspect="auto",
        interpolation="nearest",
    )
