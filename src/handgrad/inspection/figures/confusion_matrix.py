"""The confusion matrix as a figure."""

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
    class_labels,
    new_figure,
    quiet,
    title,
)

MOST_NAMED = 60  # most classes with a label on each row, and a count in each cell
SMALLEST = 4.5  # points of a count
DIGIT = 0.64 / 72  # width of a digit in inches, by point
MOST_CELLS = 500  # most cells per side; with more classes, neighbours share a cell
RIGHT = LinearSegmentedColormap.from_list("right", ["#ffffff", "#a9c4e3", BLUE])
WRONG = LinearSegmentedColormap.from_list("wrong", ["#ffffff", "#f6c8ab", ORANGE])


def confusion_matrix(
    counts: NumpyArray, class_names: Sequence[str], *, what: str = ""
) -> Figure:
    """Draw how often each true class was predicted as each class.

    Correct predictions are blue, scaled by their fraction of the row; mistakes are
    orange, scaled by the largest mistake, so that rare mistakes stay visible. With more
    than 500 classes, neighbouring classes share a cell. `what` names the split: test,
    validation.

    Shapes
        counts  (classes, classes)   row = true class, column = predicted class
    """
    true, predicted = np.nonzero(counts)
    return _draw(true, predicted, counts[true, predicted], class_names, what)


def confusion_of_answers(
    targets: NumpyArray,
    predictions: NumpyArray,
    class_names: Sequence[str],
    *,
    what: str = "",
) -> Figure:
    """Draw the confusion matrix from predictions, without forming the full matrix.

    Shapes
        targets, predictions  (count,), class numbers
    """
    ones = np.ones(len(targets), dtype=np.int64)
    return _draw(targets, predictions, ones, class_names, what)


def _draw(
    true: NumpyArray,
    predicted: NumpyArray,
    times: NumpyArray,
    class_names: Sequence[str],
    what: str,
) -> Figure:
    """Draw pairs of a true and a predicted class, each occurring `times` times."""
    every = -(-len(class_names) // MOST_CELLS)
    cells = -(-len(class_names) // every)
    places = cells * (true // every) + predicted // every
    sums = np.bincount(places, times, cells**2).astype(np.int64)
    is_right = true == predicted
    right = np.bincount(true[is_right] // every, times[is_right], cells)
    counts, names = sums.reshape(cells, cells), class_labels(class_names)[::every]
    side = float(np.clip(0.52 * cells, 3.2, 14))
    figure = new_figure(side + 2.2, side + 1.9)
    axes = figure.add_subplot()
    colors = _colors(counts, right)
    _draw_cells(axes, colors)
    _name_axes(axes, names)
    size = _size_of_counts(side / cells, int(counts.max(initial=0)))
    note = _note(int(right.sum()), int(sums.sum()), what, every)
    if cells <= MOST_NAMED and size >= SMALLEST:
        _write_counts(axes, counts, colors, size)
    else:
        note += _scale(counts)
    title(axes, "Confusion matrix", note)
    return figure


def _note(right: int, total: int, what: str, every: int) -> str:
    """The number of correct images, and the number of classes per cell."""
    images = f"{what} images".strip()
    share = f" ({right / total:.2%})" if total else ""
    grouped = f"; {every} neighbouring classes per cell" if every > 1 else ""
    return f"{right:,} of {total:,} {images} correct{share}{grouped}"


def _size_of_counts(inches: float, largest: int) -> float:
    """Points at which the largest count fits into a cell so wide."""
    return min(TEXT_SIZE - 1.0, 0.9 * inches / (DIGIT * len(str(largest))))


def _scale(counts: NumpyArray) -> str:
    """What the colours mean, of cells without counts."""
    most = float(_mistakes(counts).max(initial=0.0))
    orange = f", darkest orange {most:.1%}" if most else ""
    return f"; of the images of a row: white 0%, darkest blue 100%{orange}"


def _mistakes(counts: NumpyArray) -> NumpyArray:
    """Mistakes as fractions of their rows; 0 on the diagonal."""
    totals = np.maximum(counts.sum(axis=1), 1)
    return np.where(np.eye(len(counts), dtype=bool), 0.0, counts / totals[:, None])


def _colors(counts: NumpyArray, right: NumpyArray) -> NumpyArray:
    """Colours (cells, cells, 4): blue on the diagonal, orange off it."""
    totals = np.maximum(counts.sum(axis=1), 1)
    diagonal = np.eye(len(counts), dtype=bool)
    mistakes = _mistakes(counts)
    scaled = mistakes / max(float(mistakes.max(initial=0.0)), 1e-12)
    shares = np.diag(right / totals)
    return np.where(diagonal[..., None], RIGHT(shares), WRONG(scaled))


def _draw_cells(axes: Axes, colors: NumpyArray) -> None:
    """One square per cell: matplotlib would resample an image into 60 MB of floats."""
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
    names = [class_names[place] for place in places]
    upright = max((len(name) for name in names), default=0) > 3
    axes.set_xticks(places, names, rotation=90 if upright else 0)
    axes.set_yticks(places, names)
    axes.set_xlabel("predicted", color=INK, fontsize=TEXT_SIZE + 1, labelpad=8)
    axes.set_ylabel("true", color=INK, fontsize=TEXT_SIZE + 1, labelpad=8)
    axes.tick_params(labelcolor=MUTED if classes > MOST_NAMED else INK)
    if classes <= MOST_NAMED:  # thin lines between the cells
        edges = np.arange(classes + 1) - 0.5
        axes.set_xticks(edges, minor=True)
        axes.set_yticks(edges, minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)


def _write_counts(
    axes: Axes, counts: NumpyArray, colors: NumpyArray, size: float
) -> None:
    """Write the count into each cell, except for zeros."""
    dark = colors[..., :3].mean(axis=-1) < 0.62
    for row, column in zip(*np.nonzero(counts), strict=True):
        axes.text(
            column,
            row,
            f"{counts[row, column]}",
            ha="center",
            va="center",
            color="white" if dark[row, column] else INK,
            fontsize=size,
        )
