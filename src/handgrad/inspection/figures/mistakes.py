"""The most confident mistakes of a network."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.grid import Grid, draw_grid, pixels
from handgrad.inspection.figures.style import (
    INK,
    MUTED,
    ORANGE,
    TEXT_SIZE,
    class_labels,
    new_figure,
    quiet,
    title,
)
from handgrad.inspection.mistakes import Mistake, confidence, worst_mistakes

COLUMNS = 8
LONGEST = 12  # characters of a class name


def mistakes(
    images: NumpyArray,
    targets: NumpyArray,
    probabilities: NumpyArray,
    class_names: Sequence[str],
    *,
    what: str = "",
    are_probabilities: bool = True,
) -> Figure:
    """Draw the worst mistakes: image, true class, predicted class and its probability.

    `what` names the split: test, validation. Scores that are not probabilities are
    written as numbers.

    Shapes
        images         (batch, channels, height, width), uint8
        targets        (batch,)
        probabilities  (batch, classes)
    """
    worst = worst_mistakes(probabilities, targets)
    wrong = int((probabilities.argmax(axis=1) != targets).sum())
    named = f"{what} images".strip()
    note = f"{wrong:,} of {len(targets):,} {named} misclassified"
    if not worst:
        return _nothing(f"None of {len(targets):,} {named} is misclassified.")
    if images.ndim != 4:
        return _nothing("The inputs are not images: the table lists the mistakes.")
    height, width = images.shape[2:]
    columns = min(COLUMNS, len(worst))
    grid = Grid(height, width, columns, 0.28 * width, 0.62 * height)
    across, down = grid.extent(len(worst))
    inches = 1.22 / (width + grid.gap)
    figure = new_figure(max(across * inches, 3.4) + 0.3, down * inches + 0.8)
    axes = figure.add_subplot()
    draw_grid(axes, [pixels(images[mistake.row]) for mistake in worst], grid)
    labels = class_labels(class_names, LONGEST)
    for index, mistake in enumerate(worst):
        value = confidence(mistake.probability, are_probabilities, digits=0)
        _label(axes, grid, index, mistake, labels, value)
    if wrong > len(worst):
        note += f"; the {len(worst)} most confident"
    title(axes, "Most confident mistakes", note)
    return figure


def _label(
    axes: Axes,
    grid: Grid,
    index: int,
    mistake: Mistake,
    labels: Sequence[str],
    value: str,
) -> None:
    """Write the true and the predicted class under an image."""
    left, top = grid.corner(index)
    lines = (
        (f"true {labels[mistake.target]}", INK),
        (f"{labels[mistake.prediction]} {value}", ORANGE),
    )
    for line, (text, color) in enumerate(lines):
        axes.text(
            left + grid.width / 2,
            top + grid.height * (1.04 + 0.2 * line),
            text,
            ha="center",
            va="top",
            color=color,
            fontsize=TEXT_SIZE - 1.5,
        )


def _nothing(sentence: str) -> Figure:
    figure = new_figure(5.0, 1.4)
    axes = figure.add_subplot()
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, "Most confident mistakes")
    axes.text(0.0, 0.5, sentence, color=MUTED, fontsize=TEXT_SIZE + 1, va="center")
    return figure
