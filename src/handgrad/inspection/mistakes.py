"""The mistakes with the highest predicted probability."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
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
    """One image that was taken for another class.

    Units
        row          the number of the image, counted from 0
        probability  of the predicted class, a fraction
    """

    row: int
    target: int
    prediction: int
    probability: float


@dataclass(frozen=True, repr=False, eq=False)
class Mistakes(Rows[Mistake]):
    """The wrong predictions, the most probable first, with all images looked at.

    `rows` holds the mistakes that are listed; `class_names[k]` names class k; `split`
    is that of a run, and empty for given images.

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

    def table(self) -> Table:
        """Image, true class, prediction and its probability; how many are wrong."""
        names = self.class_names
        rows = tuple(
            (
                str(one.row),
                names[one.target],
                names[one.prediction],
                f"{one.probability:.1%}",
            )
            for one in self.rows
        )
        wrong = int((self.probabilities.argmax(axis=1) != self.targets).sum())
        note = wrong_of(wrong, len(self.targets), self.split)
        heads, numbers = ("image", "true", "answer", "sure"), ("image", "sure")
        return Table(heads, rows, right=numbers, below=(note,))

    def figure(self) -> "Figure":
        """A gallery of the first 24."""
        from handgrad.inspection import figures

        return figures.mistakes(
            self.images,
            self.targets,
            self.probabilities,
            self.class_names,
            what=self.split,
        )

    def as_dict(self) -> dict[str, Any]:
        """The split, and `mistakes`: image, classes and probability of each."""
        names = self.class_names
        return {
            "split": self.split,
            "mistakes": [
                {
                    "image": one.row,
                    "true": names[one.target],
                    "predicted": names[one.prediction],
                    "probability": one.probability,
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
    """The `count` wrong predictions with the highest probability.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. Without
    `images` all images of one of the run's splits are taken; `split` ("test",
    "validation" or "train") or `dataset` (a name or path, searched in `data_dir` first)
    chooses them.

    ConfigError for a label of another class or an unknown split; ShapeError for images
    of another shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), names or numbers of their classes

    Example
        mistakes(clf, test_images, test_labels, count=10)
    """
    check_count("mistakes", "count", count)
    of = subject_of(subject)
    sample = sample_of(of, images, labels, **where)
    logits = of.logits(sample.images).astype(np.float64)
    probabilities, _ = Softmax().forward(logits)
    worst = tuple(worst_mistakes(probabilities, sample.targets, count))
    return Mistakes(
        rows=worst,
        images=sample.images,
        targets=sample.targets,
        probabilities=probabilities,
        class_names=sample.class_names,
        split=sample.split,
    )


def worst_mistakes(
    probabilities: NumpyArray, targets: NumpyArray, most: int = MOST
) -> list[Mistake]:
    """Wrong predictions, the most probable first; ties in the order of the images.

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
