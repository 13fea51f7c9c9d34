"""How good a classifier is, counted by scikit-learn."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from handgrad.arrays import NumpyArray


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
        off_diagonal = self.confusion.copy()
        np.fill_diagonal(off_diagonal, 0)
        order = np.argsort(-off_diagonal, axis=None, kind="stable")[:count]
        pairs = np.column_stack(np.unravel_index(order, off_diagonal.shape))
        return [
            (int(true), int(predicted), int(off_diagonal[true, predicted]))
            for true, predicted in pairs
            if off_diagonal[true, predicted] > 0
        ]


def evaluate(
    probabilities: Float[NumpyArray, "count classes"],
    targets: Integer[NumpyArray, "count"],
    loss: float,
) -> Evaluation:
    """Count what probabilities say against what is true."""
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        precision_recall_fscore_support,
    )

    predictions = probabilities.argmax(axis=1)
    labels = np.arange(probabilities.shape[1])
    precision, recall, f1, support = precision_recall_fscore_support(
        targets, predictions, labels=labels, zero_division=0.0
    )
    return Evaluation(
        loss,
        float(accuracy_score(targets, predictions)),
        np.asarray(precision),
        np.asarray(recall),
        np.asarray(f1),
        np.asarray(support),
        np.asarray(confusion_matrix(targets, predictions, labels=labels)),
    )
