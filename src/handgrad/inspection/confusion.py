"""The confusion matrix: how often each class is predicted as each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.metrics import as_lists, count_confusions, most_confused
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False, eq=False)
class Confusion(Result):
    """The confusion matrix of a classifier on a set of images.

    `class_names[k]` names class k.

    Shapes
        counts  (classes, classes), row = true class, column = predicted class

    Units
        pairs   number of confusions listed in the table
        split   test, validation or train of a run, after the name of another data set;
                empty for given images
    """

    counts: NumpyArray
    class_names: tuple[str, ...]
    split: str
    pairs: int

    @property
    def most_confused(self) -> list[tuple[str, str, int]]:
        """(true class, predicted class, images), most frequent first."""
        return named_pairs(self.counts, self.class_names, self.pairs)

    def table(self) -> Table:
        """The most frequent confusions, and the number of misclassified images."""
        heads = ("images", "of true class")
        support, names = self.counts.sum(axis=1), self.class_names
        rows = tuple(
            (names[true], names[answer], f"{count:,}", f"{count / support[true]:.1%}")
            for true, answer, count in most_confused(self.counts, self.pairs)
        )
        total = int(self.counts.sum())
        wrong = total - int(np.trace(self.counts))
        note = wrong_of(wrong, total, self.split)
        return Table(("true", "predicted", *heads), rows, right=heads, below=(note,))

    def figure(self) -> "Figure":
        """The confusion matrix."""
        from handgrad.inspection.figures import confusion_matrix

        return confusion_matrix(self.counts, self.class_names, what=self.split)

    def as_dict(self) -> dict[str, Any]:
        """The split, the top confusions and the matrix (None above 1,000 classes)."""
        return {
            "split": self.split,
            "confusion": as_lists(self.counts),
            "most_confused": pairs_as_dicts(self.most_confused),
        }


@takes_kinds
def confusion(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    pairs: int = 10,
    **where: Unpack[Where],
) -> Confusion:
    """Confusion matrix: how often each true class is predicted as each class.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. Without
    `images`, all images of one of the run's splits are used, selected by `split`
    ("test", "validation" or "train") or `dataset` (a name or path, searched for in
    `data_dir` first).

    ConfigError for an unknown label or split; ShapeError for images of the wrong shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), class names or class numbers

    Units
        pairs  number of confusions to list, most frequent first

    Example
        confusion(clf, test_images, test_labels)
        confusion("runs/lenet-digits-1", split="validation")

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 1.5.
    """
    check_count("confusion", "pairs", pairs)
    of = subject_of(subject)
    sample = sample_of(of, images, labels, **where)
    counts = count_confusions(of.logits(sample.images), sample.targets)
    return Confusion(counts, sample.class_names, sample.split, pairs)


def named_pairs(
    counts: NumpyArray, names: Sequence[str], most: int
) -> list[tuple[str, str, int]]:
    """(true class, predicted class, images), most frequent first."""
    pairs = most_confused(counts, most)
    return [(names[true], names[predicted], count) for true, predicted, count in pairs]


def pairs_as_dicts(pairs: Sequence[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Confusions as plain values."""
    keys = ("true", "predicted", "count")
    return [dict(zip(keys, pair, strict=True)) for pair in pairs]


def wrong_of(wrong: int, total: int, split: str) -> str:
    """How many images are misclassified, as a sentence."""
    images = f"{split} images".strip()
    return f"{wrong:,} of {total:,} {images} are misclassified."
