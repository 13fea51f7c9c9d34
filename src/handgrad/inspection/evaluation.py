"""What a classifier gets right and wrong, class by class, as a table and a picture."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handgrad.arrays import NumpyArray
from handgrad.inspection.result import Result
from handgrad.inspection.table import Table
from handgrad.metrics import Evaluation, as_lists
from handgrad.text import number_of, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS = 5  # confusions that are named
NO_SCORES: dict[str, None] = dict.fromkeys(("precision", "recall", "f1"))
UNSEEN = ("-", "-", "-")  # no images and no predictions: no macro average counts it
NUMBERS = ("images", "mistakes", "precision", "recall", "F1")


@dataclass(frozen=True)
class ClassScores:
    """One class, by its `name`.

    Units
        precision, recall, f1  fractions
        images                 of this class
        mistakes               those of them that were predicted to be another
    """

    name: str
    precision: float
    recall: float
    f1: float
    images: int
    mistakes: int


@dataclass(frozen=True, repr=False, eq=False)
class EvaluationReport(Result):
    """An evaluation with the names of the classes; a notebook shows it as it is.

    `evaluation` holds the numbers; `class_names[k]` names class k; `what` says on which
    images, if that is known.

    Shapes
        confusion  (classes, classes), row = true class, column = predicted class

    Units
        accuracy   a fraction
        loss       the mean over the examples, of the loss of training without L2
    """

    evaluation: Evaluation
    class_names: tuple[str, ...]
    what: str = ""

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose most probable class is the true one."""
        return self.evaluation.accuracy

    @property
    def loss(self) -> float:
        """The mean loss."""
        return self.evaluation.loss

    @property
    def confusion(self) -> NumpyArray:
        """How often each true class (row) was taken for each class (column)."""
        return self.evaluation.confusion

    @property
    def per_class(self) -> tuple[ClassScores, ...]:
        """The scores of each class, in the order of the classes."""
        found = self.evaluation
        scores = (found.precision, found.recall, found.f1)
        counts = (found.support, found.mistakes_per_class)
        columns = [column.tolist() for column in (*scores, *counts)]
        return tuple(map(ClassScores, self.class_names, *columns))

    @property
    def most_confused(self) -> list[tuple[str, str, int]]:
        """(true class, predicted class, images), the most frequent first."""
        names = self.class_names
        return [
            (names[true], names[predicted], count)
            for true, predicted, count in self.evaluation.most_confused(PAIRS)
        ]

    def summary(self) -> str:
        """Right answers, accuracy and loss in one line."""
        total = int(self.evaluation.support.sum())
        right = total - int(self.evaluation.mistakes_per_class.sum())
        start = f"{self.what}: " if self.what else ""
        return (
            f"{start}{right:,} of {total:,} right, accuracy {self.accuracy:.2%}, "
            f"loss {self.loss:.4f}"
        )

    def table(self) -> Table:
        """A row for each class, and the most frequent confusions."""
        found, rows = self.evaluation, []
        for one, is_seen in zip(self.per_class, found.is_seen, strict=True):
            shares = [f"{share:.3f}" for share in (one.precision, one.recall, one.f1)]
            counts = (f"{one.images:,}", f"{one.mistakes:,}")
            rows.append((one.name, *counts, *(shares if is_seen else UNSEEN)))
        means = (found.macro_precision, found.macro_recall, found.macro_f1)
        rows.append(("macro average", "", "", *(f"{mean:.3f}" for mean in means)))
        lines = [
            f"  {one_line(true)} taken for {one_line(predicted)}: "
            f"{number_of(count, 'time')}"
            for true, predicted, count in self.most_confused
        ]
        below = ("\n".join(["most confused", *lines]),) if lines else ()
        return Table(
            ("class", *NUMBERS), tuple(rows), NUMBERS, (self.summary(),), below
        )

    def figure(self) -> "Figure":
        """The confusion matrix."""
        from handgrad.inspection.figures import confusion_matrix

        return confusion_matrix(self.confusion, self.class_names, what=self.what)

    def as_dict(self) -> dict[str, Any]:
        """Loss, accuracy, scores by class, the matrix and the top confusions.

        The matrix is None of more than 1,000 classes, and the precision, recall and F1
        of a class that has no images and was never predicted.
        """
        found = self.evaluation
        return {
            "images": int(found.support.sum()),
            "loss": found.loss,
            "accuracy": found.accuracy,
            "macro_precision": found.macro_precision,
            "macro_recall": found.macro_recall,
            "macro_f1": found.macro_f1,
            "classes": [
                asdict(one) if is_seen else {**asdict(one), **NO_SCORES}
                for one, is_seen in zip(self.per_class, found.is_seen, strict=True)
            ],
            "confusion": as_lists(self.confusion),
            "most_confused": [
                {"true": true, "predicted": predicted, "count": count}
                for true, predicted, count in self.most_confused
            ],
        }
