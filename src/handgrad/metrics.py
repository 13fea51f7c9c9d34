"""Classification metrics, equal to those of scikit-learn, without importing it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int64, Integer

from handgrad.arrays import NumpyArray
from handgrad.free_memory import check_memory

__all__ = [
    "Evaluation",
    "as_lists",
    "count_confusions",
    "evaluate",
    "most_confused",
]

MOST_CLASSES = 1_000  # the text of a larger matrix would take many MB


@dataclass(frozen=True)
class Evaluation:
    """Loss, accuracy and per-class metrics of a classifier on one split.

    0 / 0 is defined as 0: the precision of a class that was never predicted, the recall
    of a class without examples. Macro averages exclude classes that have no examples
    and were never predicted, as in scikit-learn.

    Shapes
        precision, recall, f1  (classes,), float64
        support                (classes,), int64: the number of examples of each class
        confusion              (classes, classes), int64; row = true, column = predicted

    Equations
        accuracy  = sum of the diagonal of confusion / number of examples
        precision = diagonal of confusion / column sums
        recall    = diagonal of confusion / row sums
        f1        = 2 * precision * recall / (precision + recall)

    Units
        loss                             mean over the examples of the training loss
                                         with its label smoothing, without the L2 term
                                         and class weights; nats for cross-entropy
        accuracy, precision, recall, f1  fractions

    Source
        van Rijsbergen (1979), Information retrieval, chapter 7; with zero_division=0 of
        scikit-learn's precision_recall_fscore_support.
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
        """Macro average: the unweighted mean of the precision over classes."""
        return float(self.precision[self.is_seen].mean())

    @property
    def macro_recall(self) -> float:
        """Macro average: the unweighted mean of the recall over classes."""
        return float(self.recall[self.is_seen].mean())

    @property
    def macro_f1(self) -> float:
        """Macro average: the unweighted mean of F1 over classes."""
        return float(self.f1[self.is_seen].mean())

    @property
    def is_seen(self) -> NumpyArray:
        """Whether a class has examples or was predicted, (classes,), bool."""
        seen: NumpyArray = self.support + self.confusion.sum(axis=0) > 0
        return seen

    @property
    def mistakes_per_class(self) -> NumpyArray:
        """Number of misclassified examples of each true class, (classes,), int64."""
        mistakes: NumpyArray = self.support - np.diag(self.confusion)
        return mistakes

    def most_confused(self, count: int = 5) -> list[tuple[int, int, int]]:
        """The `count` most frequent confusions, as (true, predicted, number)."""
        return most_confused(self.confusion, count)


def evaluate(
    probabilities: Float[NumpyArray, "count classes"],
    targets: Integer[NumpyArray, "count"],
    loss: float,
) -> Evaluation:
    """Compute accuracy and per-class metrics from predicted probabilities.

    The prediction is the class with the largest probability, the first in case of ties.
    Inputs are not validated; `handgrad.Classifier.evaluate` does so.

    Shapes
        probabilities  (count, classes), float; logits give the same counts
        targets        (count,), integers: true class numbers from 0

    Units
        loss  passed through to the result

    Example
        evaluate(np.eye(3), np.array([0, 1, 1]), loss=0.5).accuracy == 2 / 3

    Source
        see `Evaluation`
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
    """The confusion matrix: how often each true class is predicted as each class.

    ResourceError if it does not fit into memory, as with very many classes.

    Shapes
        probabilities  (count, classes), float
        targets        (count,), integers: true class numbers from 0
        outputs        (classes, classes), int64; row = true, column = predicted
    """
    classes = probabilities.shape[1]
    what = f"A confusion matrix of {classes:,} classes"
    check_memory(8 * classes**2, what, "Close other programs, or use fewer classes.")
    cells = classes * targets.astype(np.int64) + probabilities.argmax(axis=1)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def as_lists(
    confusion: Int64[NumpyArray, "classes classes"],
) -> list[list[int]] | None:
    """The matrix as nested lists, for JSON; None for more than 1,000 classes.

    Shapes
        confusion  (classes, classes), int64; row = true, column = predicted
    """
    return confusion.tolist() if len(confusion) <= MOST_CLASSES else None


def most_confused(
    confusion: Int64[NumpyArray, "classes classes"], count: int
) -> list[tuple[int, int, int]]:
    """The most frequent confusions, as (true, predicted, number).

    Sorted by number, descending; ties keep the order of the rows. Pairs that never
    occur are omitted.

    Shapes
        confusion  (classes, classes), int64; row = true, column = predicted

    Units
        count  maximum number of pairs to return
    """
    pairs = np.argwhere(confusion)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    times = confusion[pairs[:, 0], pairs[:, 1]]
    order = np.argsort(-times, kind="stable")[:count]
    return [
        (int(true), int(predicted), int(confusion[true, predicted]))
        for true, predicted in pairs[order]
    ]


def _ratio(part: NumpyArray, whole: NumpyArray) -> NumpyArray:
    """part / whole, or 0 where whole is 0."""
    return part / np.maximum(whole, 1)


def probabilities_of(logits: NumpyArray, temperature: float = 1.0) -> NumpyArray:
    """softmax(logits / temperature), (count, classes), float64; rows sum to 1.

    Shapes
        logits  (count, classes)
    """
    wide = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    found: NumpyArray = powers / powers.sum(axis=1, keepdims=True)
    return found
