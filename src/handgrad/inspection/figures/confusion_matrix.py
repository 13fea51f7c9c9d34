"""The confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.style import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    new_figure,
    plain,
    quiet,
    title,
)

MOST_NUMBERED = 26  # classes up to which each cell shows its count
MOST_NAMED = 60  # classes up to which each row shows its name
RIGHT = LinearSegmentedColormap.from_list("right", ["#ffffff", "#a9c4e3", BLUE])
WRONG = LinearSegmentedColormap.from_list("wrong", ["#ffffff", "#f6c8ab", ORANGE])


def confusion_matrix(
    counts: NumpyArray, class_names: Sequence[str], *, what: str = ""
) -> Figure:
    """Draw how often each true class was predicted as each class.

    What is right is blue, by the share of its row; what is wrong is orange, by the
    share of the largest mistake, so that few mistakes among many are seen too. `what`
    names the split: test, validation.

    Shapes
        counts  (classes, classes)   row = true class, column = predicted class
    """
    classes = len(class_names)
    side = float(np.clip(0.52 * classes, 3.2, 14))
    figure = new_figure(side + 2.2, side + 1.9)
    axes = figure.add_subplot()
    _draw_cells(axes, _colors(counts))
    _name_axes(axes, class_names)
    if classes <= MOST_NUMBERED:
        _write_counts(axes, counts)
    images = f"{what} images".strip()
    right, total = int(np.trace(counts)), int(counts.sum())
    share = f" ({right / total:.2%})" if total else ""
    title(axes, "Confusion matrix", f"{right:,} of {total:,} {images} are right{share}")
    return figure


def _shares(counts: NumpyArray) -> NumpyArray:
    """Each cell as a share of its row; rows without examples are 0."""
    totals = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.maximum(totals, 1), dtype=np.float64)


def _colors(counts: NumpyArray) -> NumpyArray:
    """Colours (classes, classes, 4): blue on the diagonal, orange beside it."""
    shares = _shares(counts)
    diagonal = np.eye(len(counts), dtype=bool)
    mistakes = np.where(diagonal, 0.0, shares)
    scaled = mistakes / max(float(mistakes.max(initial=0.0)), 1e-12)
    return np.where(diagonal[..., None], RIGHT(shares), WRONG(scaled))


def _draw_cells(axes: Axes, colors: NumpyArray) -> None:
    """One square a cell: an image would be enlarged dot by dot, in 60 MB of floats."""
    classes = len(colors)
    edges = np.arange(classes + 1) - 0.5
    axes.pcolormesh(edges, edges, colors, rasterized=classes > MOST_NAMED)
    axes.set_aspect("equal")
    axes.set_xlim(-0.5, classes - 0.5)
    axes.set_ylim(classes - 0.5, -0.5)


def _name_axes(axes: Axes, class_names: Sequence[str]) -> None:
    quiet(axes)
    classes = len(class_names)
    every = -(-classes // MOST_NAMED)
    places = range(0, classes, every)
    names = [plain(class_names[place]) for place in places]
    upright = max((len(name) for name in names), default=0) > 3
    axes.set_xticks(places, names, rotation=90 if upright else 0)
    axes.set_yticks(places, names)
    axes.set_xlabel("predicted", color=INK, fontsize=TEXT_SIZE + 1, labelpad=8)
    axes.set_ylabel("true", color=INK, fontsize=TEXT_SIZE + 1, labelpad=8)
    axes.tick_params(labelcolor=MUTED if classes > MOST_NUMBERED else INK)
    if classes <= MOST_NAMED:  # thin lines between the cells
        edges = np.arange(classes + 1) - 0.5
        axes.set_xticks(edges, minor=True)
        axes.set_yticks(edges, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)


def _write_counts(axes: Axes, counts: NumpyArray) -> None:
    """Each cell's count in it; nothing where there is nothing."""
    dark = _colors(counts)[..., :3].mean(axis=-1) < 0.62
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column,
            row,
            f"{counts[row, column]}",
            ha="center",
            va="center",
            color="white" if dark[row, column] else INK,
            fontsize=TEXT_SIZE - 1,
        )
