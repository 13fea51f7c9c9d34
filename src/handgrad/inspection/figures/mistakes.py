"""The most confident mistakes of a network."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from handgrad.arrays import NumpyArray
from handgrad.inspection.figures.captioned_images import captioned_images
from handgrad.inspection.figures.style import class_labels
from handgrad.inspection.mistakes import confidence, worst_mistakes

HEADING = "Most confident mistakes"
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
    if not worst:
        note = f"None of {len(targets):,} {named} is misclassified."
        return captioned_images([], [], HEADING, note)
    if images.ndim != 4:
        note = "The inputs are not images: the table lists the mistakes."
        return captioned_images([], [], HEADING, note)
    note = f"{wrong:,} of {len(targets):,} {named} misclassified"
    if wrong > len(worst):
        note += f"; the {len(worst)} most confident"
    labels = class_labels(class_names, LONGEST)
    captions = [
        (
            f"true {labels[one.target]}",
            f"{labels[one.prediction]} "
            f"{confidence(one.probability, are_probabilities, digits=0)}",
        )
        for one in worst
    ]
    return captioned_images([images[one.row] for one in worst], captions, HEADING, note)
