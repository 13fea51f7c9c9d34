"""The most confident mistakes of a network."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.confusion import wrong_of
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.layers import Softmax
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 24


class Mistake(NamedTuple):
    """One misclassified image.

    Units
        row          number of the image, counted from 0
        probability  of the predicted class, a fraction; the network's output if its
                     loss gives no probabilities
    """

    row: int
    target: int
    prediction: int
    probability: float


@dataclass(frozen=True, repr=False, eq=False)
class Mistakes(Rows[Mistake]):
    """The wrong predictions, most confident first, with all images examined.

    `rows` holds the listed mistakes; `class_names[k]` names class k; `split` is that of
    a run, after the name of another data set, and empty for given images. If the loss
    of the network gives no probabilities, `probabilities` holds the outputs, and
    `are_probabilities` is False.

    Shapes
        images         (count, ...)
        targets        (count,)
        probabilities  (count, classes)
    """

    rows: tuple[Mistake, ...]
    images: NumpyArray
    targets: NumpyArray
    probabilities: NumpyArray
    class_names: tuple[str, ...]
    split: str
    are_probabilities: bool = True

    @property
    def predictions(self) -> NumpyArray:
        """The class predicted for each image, (count,)."""
        classes: NumpyArray = self.probabilities.argmax(axis=1)
        return classes

    def numbers(self, true: int, predicted: int) -> list[int]:
        """The numbers of the images of one cell of the confusion matrix.

        `true` and `predicted` are class numbers.
        """
        is_there = (self.targets == true) & (self.predictions == predicted)
        return np.flatnonzero(is_there).tolist()

    def changes(self, other: "Mistakes") -> tuple[list[int], list[int]]:
        """Images that only the `other` network, and only this one, classifies right.

        ConfigError unless both were given the same images.
        """
        if not np.array_equal(self.targets, other.targets):
            raise ConfigError(
                "These networks were tested on different images. Choose two on the "
                "same data set and split."
            )
        one, two = (each.predictions == each.targets for each in (self, other))
        return np.flatnonzero(two & ~one).tolist(), np.flatnonzero(one & ~two).tolist()

    def table(self) -> Table:
        """Image, true and predicted class, and probability; the number of mistakes."""
        names = self.class_names
        rows = tuple(
            (
                str(one.row),
                names[one.target],
                names[one.prediction],
                confidence(one.probability, self.are_probabilities),
            )
            for one in self.rows
        )
        wrong = int((self.predictions != self.targets).sum())
        note = wrong_of(wrong, len(self.targets), self.split)
        value = "probability" if self.are_probabilities else "score"
        heads = ("image", "true", "predicted", value)
        return Table(heads, rows, right=("image", value), below=(note,))

    def figure(self) -> "Figure":
        """A gallery of the first 24 mistakes."""
        from handgrad.inspection import figures

        return figures.mistakes(
            self.images,
            self.targets,
            self.probabilities,
            self.class_names,
            what=self.split,
            are_probabilities=self.are_probabilities,
        )

    def as_dict(self) -> dict[str, Any]:
        """The split, and `mistakes`: image, classes, probability or score of each."""
        names = self.class_names
        value = "probability" if self.are_probabilities else "score"
        return {
            "split": self.split,
            "mistakes": [
                {
                    "image": one.row,
                    "true": names[one.target],
                    "predicted": names[one.prediction],
                    value: one.probability,
                }
                for one in self.rows
            ],
        }


@takes_kinds
def mistakes(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    count: int = MOST,
    **where: Unpack[Where],
) -> Mistakes:
    """The `count` most confident wrong predictions.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. Without
    `images`, all images of one of the run's splits are used, selected by `split`
    ("test", "validation" or "train") or `dataset` (a name or path, searched for in
    `data_dir` first).

    ConfigError for an unknown label or split; ShapeError for images of the wrong shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), class names or class numbers

    Example
        mistakes(clf, test_images, test_labels, count=10)
    """
    check_count("mistakes", "count", count)
    of = subject_of(subject)
    sample = sample_of(of, images, labels, **where)
    logits = of.logits(sample.images).astype(np.float64)
    are_probabilities = of.loss.gives_probabilities
    probabilities = Softmax().forward(logits)[0] if are_probabilities else logits
    worst = tuple(worst_mistakes(probabilities, sample.targets, count))
    return Mistakes(
        rows=worst,
        images=sample.images,
        targets=sample.targets,
        probabilities=probabilities,
        class_names=sample.class_names,
        split=sample.split,
        are_probabilities=are_probabilities,
    )


def confidence(value: float, is_probability: bool, *, digits: int = 1) -> str:
    """A probability in per cent, or a score as a number."""
    return f"{value:.{digits}%}" if is_probability else f"{value:.3g}"


def worst_mistakes(
    probabilities: NumpyArray, targets: NumpyArray, most: int = MOST
) -> list[Mistake]:
    """Wrong predictions, most probable first; ties in image order.

    Shapes
        probabilities  (batch, classes)
        targets        (batch,)
    """
    predictions = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predictions != targets)
    sure = probabilities[wrong, predictions[wrong]]
    order = wrong[np.argsort(-sure, kind="stable")][:most]
    return [
        Mistake(
            int(row),
            int(targets[row]),
            int(predictions[row]),
            float(probabilities[row, predictions[row]]),
        )
        for row in order
    ]
