"""Reliability: whether a network is right as often as its confidence says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Where, sample_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.metrics import probabilities_of
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 15
HEADS = ("confidence", "images", "mean confidence", "accuracy")


@dataclass(frozen=True, repr=False, eq=False)
class Reliability(Result):
    """Accuracy by confidence, the largest probability of an image, in equal bins.

    `split` is that of a run, after the name of another data set, and empty for given
    images; `temperature` is the one that the probabilities were divided by. The means
    of an empty bin are NaN.

    Shapes
        edges                  (bins + 1,), from 0 to 1
        counts                 (bins,), int64: images of each bin
        confidences, accuracies  (bins,): means of each bin, fractions

    Equations
        expected_calibration_error = sum of counts / images * |accuracy - confidence|
        a bin holds the confidences above its lower edge, up to its upper edge

    Source
        Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks,
        equations 2 to 5.
    """

    edges: NumpyArray
    counts: NumpyArray
    confidences: NumpyArray
    accuracies: NumpyArray
    temperature: float
    split: str

    @property
    def images(self) -> int:
        """The number of images."""
        return int(self.counts.sum())

    @property
    def gaps(self) -> NumpyArray:
        """Accuracy minus confidence of each bin, (bins,); 0 for an empty bin."""
        found: NumpyArray = np.nan_to_num(self.accuracies - self.confidences)
        return found

    @property
    def expected_calibration_error(self) -> float:
        """The mean gap between accuracy and confidence over all images, a fraction."""
        return float((self.counts * abs(self.gaps)).sum() / self.images)

    @property
    def maximum_calibration_error(self) -> float:
        """The largest gap of a bin, a fraction."""
        return float(abs(self.gaps).max())

    def table(self) -> Table:
        """One row per bin that has images."""
        rows = tuple(
            (
                f"{self.edges[k]:.3f} to {self.edges[k + 1]:.3f}",
                f"{self.counts[k]:,}",
                f"{self.confidences[k]:.1%}",
                f"{self.accuracies[k]:.1%}",
            )
            for k in np.flatnonzero(self.counts)
        )
        note = (
            f"expected calibration error {self.expected_calibration_error:.2%}, "
            f"largest {self.maximum_calibration_error:.2%}; "
            f"temperature {self.temperature:.3g}"
        )
        return Table(HEADS, rows, HEADS[1:], below=(note,))

    def figure(self) -> "Figure":
        """The reliability diagram: accuracy by confidence, and the images by bin."""
        from handgrad.inspection.figures.reliability import reliability_diagram

        return reliability_diagram(self)

    def as_dict(self) -> dict[str, Any]:
        """Both errors, the temperature, and the values of each bin."""
        columns = (self.counts, self.confidences, self.accuracies)
        rows = zip(self.edges[:-1], self.edges[1:], *columns, strict=True)
        return {
            "split": self.split,
            "images": self.images,
            "temperature": self.temperature,
            "expected_calibration_error": self.expected_calibration_error,
            "maximum_calibration_error": self.maximum_calibration_error,
            "bins": [
                {
                    "from": float(low),
                    "to": float(high),
                    "images": int(count),
                    "confidence": float(confidence) if count else None,
                    "accuracy": float(accuracy) if count else None,
                }
                for low, high, count, confidence, accuracy in rows
            ],
        }


@takes_kinds
def reliability(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    bins: int = BINS,
    **where: Unpack[Where],
) -> Reliability:
    """Compare the accuracy of a network with its confidence, in `bins` equal bins.

    `subject` is a fitted classifier or the path of a run. Without `images`, all images
    of one of the run's splits are used, selected by `split` ("test", "validation" or
    "train") or `dataset` (a name or path, searched for in `data_dir` first).

    ConfigError for a network whose loss gives no probabilities, an unknown label or
    split; ShapeError for images of the wrong shape.

    Shapes
        images  (count, ...), as the classifier takes them
        labels  (count,), class names or class numbers

    Example
        reliability(clf, test_images, test_labels).expected_calibration_error
    """
    check_count("reliability", "bins", bins)
    of = subject_of(subject)
    if not of.loss.gives_probabilities:
        raise ConfigError(
            f"{of.name} was trained with a loss that gives no probabilities, so it has "
            "no confidence. Train with softmax cross-entropy."
        )
    sample = sample_of(of, images, labels, **where)
    temperature = float(getattr(of.classifier, "temperature", 1.0))
    probabilities = probabilities_of(of.logits(sample.images), temperature)
    return reliability_of(
        probabilities, sample.targets, bins, temperature=temperature, split=sample.split
    )


def reliability_of(
    probabilities: NumpyArray,
    targets: NumpyArray,
    bins: int = BINS,
    *,
    temperature: float = 1.0,
    split: str = "",
) -> Reliability:
    """The reliability of given probabilities.

    Shapes
        probabilities  (count, classes); rows sum to 1
        targets        (count,), class numbers
    """
    confidence = probabilities.max(axis=1).clip(0, 1)
    is_right = probabilities.argmax(axis=1) == targets
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(place, confidence, bins) / counts
        shares = np.bincount(place, is_right, bins) / counts
    return Reliability(
        edges=edges,
        counts=counts.astype(np.int64),
        confidences=means,
        accuracies=shares,
        temperature=temperature,
        split=split,
    )
