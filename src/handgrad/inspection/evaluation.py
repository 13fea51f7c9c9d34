"""Per-class evaluation of a classifier, as a table and a figure."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handgrad.arrays import NumpyArray
from handgrad.datasets import Split
from handgrad.inspection.confusion import named_pairs, pairs_as_dicts
from handgrad.inspection.reliability import Reliability, reliability_of
from handgrad.inspection.result import Result
from handgrad.inspection.table import Table
from handgrad.metrics import Evaluation, as_lists
from handgrad.text import number_of, one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from handgrad.training.trained_network import TrainedNetwork

PAIRS = 5  # confusions listed
NO_SCORES: dict[str, None] = dict.fromkeys(("precision", "recall", "f1"))
UNSEEN = ("-", "-", "-")  # no images, no predictions: excluded from macro averages
NUMBERS = ("images", "mistakes", "precision", "recall", "F1")


@dataclass(frozen=True)
class ClassScores:
    """Scores of the class `name`.

    Units
        precision, recall, f1  fractions
        images                 images of this class
        mistakes               images of this class predicted as another class
    """

    name: str
    precision: float
    recall: float
    f1: float
    images: int
    mistakes: int


@dataclass(frozen=True, repr=False, eq=False)
class EvaluationReport(Result):
    """An evaluation with class names; notebooks display it as a table and a figure.

    `evaluation` holds the numbers; `class_names[k]` names class k; `what` describes the
    images, if known. `reliability` compares confidence and accuracy; None without
    probabilities.

    Shapes
        confusion  (classes, classes), row = true class, column = predicted class

    Units
        accuracy         a fraction
        loss             mean over the examples of the training loss with its label
                         smoothing, without the L2 term and class weights
        label_smoothing  of the loss, a fraction
    """

    evaluation: Evaluation
    class_names: tuple[str, ...]
    what: str = ""
    reliability: Reliability | None = None
    label_smoothing: float = 0.0

    @classmethod
    def of(
        cls, network: "TrainedNetwork", split: Split, what: str = ""
    ) -> "EvaluationReport":
        """Evaluate a trained `network` on a `split`, which `what` describes."""
        network.check.labels(split)
        logits, reliability = network.logits(split.images), None
        if network.gives_probabilities:
            probabilities = network.probabilities_of(logits)
            reliability = reliability_of(
                probabilities,
                split.targets,
                temperature=network.temperature,
                split=what,
            )
        found = network.evaluation_of(logits, split)
        smoothing = getattr(network.loss, "label_smoothing", 0.0)
        return cls(found, network.class_names, what, reliability, smoothing)

    @property
    def accuracy(self) -> float:
        """The fraction of examples whose most probable class is the true class."""
        return self.evaluation.accuracy

    @property
    def loss(self) -> float:
        """The mean loss, with the label smoothing of training."""
        return self.evaluation.loss

    @property
    def confusion(self) -> NumpyArray:
        """How often each true class (row) was predicted as each class (column)."""
        return self.evaluation.confusion

    @property
    def per_class(self) -> tuple[ClassScores, ...]:
        """The scores of each class, in class order."""
        found = self.evaluation
        scores = (found.precision, found.recall, found.f1)
        counts = (found.support, found.mistakes_per_class)
        columns = [column.tolist() for column in (*scores, *counts)]
        return tuple(map(ClassScores, self.class_names, *columns))

    @property
    def most_confused(self) -> list[tuple[str, str, int]]:
        """(true class, predicted class, images), most frequent first."""
        return named_pairs(self.confusion, self.class_names, PAIRS)

    def summary(self) -> str:
        """Correct predictions, accuracy and loss in one line."""
        total = int(self.evaluation.support.sum())
        right = total - int(self.evaluation.mistakes_per_class.sum())
        start = f"{self.what}: " if self.what else ""
        how = f" (label smoothing {self.label_smoothing:g})"
        return (
            f"{start}{right:,} of {total:,} correct, accuracy {self.accuracy:.2%}, "
            f"loss {self.loss:.4f}{how * (self.label_smoothing > 0)}"
            f"{self._calibration()}"
        )

    def _calibration(self) -> str:
        if self.reliability is None:
            return ""
        error = self.reliability.expected_calibration_error
        return f", expected calibration error {error:.2%}"

    def table(self) -> Table:
        """One row per class, and the most frequent confusions."""
        found, rows = self.evaluation, []
        for one, is_seen in zip(self.per_class, found.is_seen, strict=True):
            shares = [f"{share:.3f}" for share in (one.precision, one.recall, one.f1)]
            counts = (f"{one.images:,}", f"{one.mistakes:,}")
            rows.append((one.name, *counts, *(shares if is_seen else UNSEEN)))
        means = (found.macro_precision, found.macro_recall, found.macro_f1)
        rows.append(("macro average", "", "", *(f"{mean:.3f}" for mean in means)))
        lines = [
            f"  {one_line(true)} predicted as {one_line(predicted)}: "
            f"{number_of(count, 'time')}"
            for true, predicted, count in self.most_confused
        ]
        below = ("\n".join(["most frequent confusions", *lines]),) if lines else ()
        return Table(
            ("class", *NUMBERS), tuple(rows), NUMBERS, (self.summary(),), below
        )

    def figure(self) -> "Figure":
        """The confusion matrix."""
        from handgrad.inspection.figures import confusion_matrix

        return confusion_matrix(self.confusion, self.class_names, what=self.what)

    def as_dict(self) -> dict[str, Any]:
        """Loss, accuracy, scores by class, the matrix and the top confusions.

        The matrix is None above 1,000 classes; precision, recall and F1 are None for a
        class without images that was never predicted.
        """
        found = self.evaluation
        return {
            "images": int(found.support.sum()),
            "loss": found.loss,
            "accuracy": found.accuracy,
            "expected_calibration_error": self.reliability
            and self.reliability.expected_calibration_error,
            "temperature": self.reliability and self.reliability.temperature,
            "macro_precision": found.macro_precision,
            "macro_recall": found.macro_recall,
            "macro_f1": found.macro_f1,
            "classes": [
                asdict(one) if is_seen else {**asdict(one), **NO_SCORES}
                for one, is_seen in zip(self.per_class, found.is_seen, strict=True)
            ],
            "confusion": as_lists(self.confusion),
            "most_confused": pairs_as_dicts(self.most_confused),
        }
