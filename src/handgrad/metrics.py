"""How good a classifier is: what scikit-learn would say, without loading it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64, Integer

from handgrad.arrays import NumpyArray

__all__ = [
    "Evaluation",
    "count_confusions",
    "evaluate",
    "most_confused",
]


@dataclass(frozen=True)
class Evaluation:
    """What a classifier got right and wrong on one split.

    Accuracies, precision, recall and F1 are fractions; macro means the plain average
    over classes. A class that was never predicted has precision 0.

    Shapes
        precision, recall, f1  (classes,)
        support                (classes,), how many images of the class there are
        confusion              (classes, classes), row = true, column = predicted
    """

    loss: float
    accuracy: float
    precision: NumpyArray
    recall: NumpyArray
    f1: NumpyArray
    support: NumpyArray
    confusion: NumpyArray

    @property
    def macro_precision(self) -> float:
        """The plain average over classes."""
        return float(self.precision.mean())

    @property
    def macro_recall(self) -> float:
        """The plain average over classes."""
        return float(self.recall.mean())

    @property
    def macro_f1(self) -> float:
        """The plain average over classes."""
        return float(self.f1.mean())

    @property
    def mistakes_per_class(self) -> NumpyArray:
        """How many images of each true class were taken for another."""
        mistakes: NumpyArray = self.confusion.sum(axis=1) - np.diag(self.confusion)
        return mistakes

    def most_confused(self, count: int = 5) -> list[tuple[int, int, int]]:
        """(true, predicted, how often), the most frequent confusions first."""
        return most_confused(self.confusion, count)


def evaluate(
    probabilities: Float[NumpyArray, "count classes"],
    targets: Integer[NumpyArray, "count"],
    loss: float,
) -> Evaluation:
    """Count what probabilities say against what is true.

    A ratio of nothing to nothing is 0: the precision of a class that was never
    predicted, the recall of one that has no examples.
    """
    confusion = count_confusions(probabilities, targets)
    right, support = np.diag(confusion), confusion.sum(axis=1)
    predicted = confusion.sum(axis=0)
    return Evaluation(
        loss,
        float(right.sum() / max(len(targets), 1)),
        _ratio(right, predicted),
        _ratio(right, support),
        _ratio(2 * right, predicted + support),
        support,
        confusion,
    )


def count_confusions(
    probabilities: Float[NumpyArray, "count classes"],
    targets: Integer[NumpyArray, "count"],
) -> Int64[NumpyArray, "classes classes"]:
    """How often each true class (row) was taken for each class (column)."""
    classes = probabilities.shape[1]
    cells = classes * targets.astype(np.int64) + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def most_confused(
    confusion: Int64[NumpyArray, "classes classes"], count: int
) -> list[tuple[int, int, int]]:
    """(true, predicted, how often), the most frequent confusions first."""
    off_diagonal = confusion.copy()
    np.fill_diagonal(off_diagonal, 0)
    order = np.argsort(-off_diagonal, axis=None, kind="stable")[:count]
    pairs = np.column_stack(np.unravel_index(order, off_diagonal.shape))
    return [
        (int(true), int(predicted), int(off_diagonal[true, predicted]))
        for true, predicted in pairs
        if off_diagonal[true, predicted] > 0
    ]


def _ratio(part: NumpyArray, whole: NumpyArray) -> NumpyArray:
    """part / whole, and 0 where there is nothing."""
    return part / np.maximum(whole, 1)
