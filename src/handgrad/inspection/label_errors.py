"""Label errors: images that held-out networks confidently assign to another class."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NumpyArray


class Suspect(NamedTuple):
    """An image whose label is probably wrong.

    Units
        row        number of the image, counted from 0
        given      class number of its label
        suggested  class number that a network that never saw it predicts
        margin     probability of the label minus that of the suggested class
        confidence  probability of the suggested class, a fraction
        is_confident  whether that is at least the mean of the images of that class
    """

    row: int
    given: int
    suggested: int
    margin: float
    confidence: float
    is_confident: bool


@dataclass(frozen=True)
class LabelQuality:
    """How well each label agrees with the held-out prediction of its image.

    Shapes
        margins     (count,), from -1 (certainly wrong) to 1; NaN for images that could
                    not be held out
        suggested   (count,), class numbers
        confident   (count,), bool: whether the suggested class is another one, and as
                    probable as usual for its own images

    Equations
        margins    = p[label] - max of p over the other classes
        thresholds = mean of p[k] over the images labelled k, for each class k
        confident  = p[suggested] >= thresholds[suggested], suggested != label

    Source
        Northcutt, Jiang, Chuang (2021), Confident learning: estimating uncertainty in
        dataset labels, section 3.1 and the normalized margin of section 3.2.
    """

    margins: NumpyArray
    suggested: NumpyArray
    confident: NumpyArray


def label_quality(probabilities: NumpyArray, targets: NumpyArray) -> LabelQuality:
    """The quality of each label, from probabilities of held-out networks.

    Shapes
        probabilities  (count, classes); rows of NaN for images not held out
        targets        (count,), class numbers
    """
    rows = np.arange(len(targets))
    own = probabilities[rows, targets]
    others = probabilities.copy()
    others[rows, targets] = -np.inf
    suggested = others.argmax(axis=1)
    best = others[rows, suggested]
    known = np.isfinite(own)
    thresholds = _means(own[known], targets[known], probabilities.shape[1])
    with np.errstate(invalid="ignore"):
        margins = np.where(known, own - best, np.nan)
        confident = known & (margins < 0) & (best >= thresholds[suggested])
    return LabelQuality(margins, suggested, confident)


def suspects_of(probabilities: NumpyArray, targets: NumpyArray) -> list[Suspect]:
    """Images predicted as another class than their label, least plausible label first.

    Shapes
        probabilities  (count, classes)
        targets        (count,)
    """
    found = label_quality(probabilities, targets)
    wrong = np.flatnonzero(found.margins < 0)
    order = wrong[np.argsort(found.margins[wrong], kind="stable")]
    return [
        Suspect(
            int(row),
            int(targets[row]),
            int(found.suggested[row]),
            float(found.margins[row]),
            float(probabilities[row, found.suggested[row]]),
            bool(found.confident[row]),
        )
        for row in order
    ]


def _means(values: NumpyArray, targets: NumpyArray, classes: int) -> NumpyArray:
    """The mean of each class, (classes,); infinity for a class without images."""
    counts = np.bincount(targets, minlength=classes)
    sums = np.bincount(targets, values, classes)
    means: NumpyArray = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    return means
