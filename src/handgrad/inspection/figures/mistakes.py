"""The most confident mistakes of a network."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.charts import chart
from handgrad.inspection.figures.grid import Grid, caption, grid_figure, pixels
from handgrad.inspection.figures.style import (
    MUTED,
    ORANGE,
    TEXT_SIZE,
    class_labels,
    quiet,
    title,
)
from handgrad.inspection.mistakes import confidence, worst_mistakes

COLUMNS = 8
LONGEST = 12  # characters of a class name
SMALL = TEXT_SIZE - 1.5


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
    shown = [pixels(images[one.row]) for one in worst]
    inches = 1.22 / (width + grid.gap)
    figure, axes = grid_figure(shown, grid, inches, (0.3, 0.8), least=3.4)
    labels = class_labels(class_names, LONGEST)
    for index, one in enumerate(worst):
        value = confidence(one.probability, are_probabilities, digits=0)
        answer = f"{labels[one.prediction]} {value}"
        caption(axes, grid, index, f"true {labels[one.target]}", 1.04, fontsize=SMALL)
        caption(axes, grid, index, answer, 1.24, fontsize=SMALL, color=ORANGE)
    if wrong > len(worst):
        note += f"; the {len(worst)} most confident"
    title(axes, "Most confident mistakes", note)
    return figure


def _nothing(sentence: str) -> Figure:
    figure, axes = chart(5.0, 1.4)
    quiet(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, "Most confident mistakes")
    axes.text(0.0, 0.5, sentence, color=MUTED, fontsize=TEXT_SIZE + 1, va="center")
    return figure
