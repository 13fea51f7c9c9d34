"""Which parts of an image a prediction depends on: squares are hidden in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from jaxtyping import Float64

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.result import Result
from handgrad.inspection.sample import Where, image_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table
from handgrad.layers import Sequential, Softmax
from handgrad.ranges import check_count
from handgrad.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LISTED = 5
PART = 64  # images at a time


@dataclass(frozen=True, repr=False, eq=False)
class Occlusion(Result):
    """How much each part of an image, hidden, lowers the probability of a class.

    `name` is the class, `probability` that of the whole image, `side` that of the
    squares in pixels; `tops` and `lefts` are the first row and column of each.

    Shapes
        picture  the image as given
        drops    (tops, lefts): the probability minus that without the square
    """

    picture: NumpyArray
    drops: Float64[NumpyArray, "rows columns"]
    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    side: int
    name: str
    probability: float

    @property
    def heat(self) -> Float64[NumpyArray, "height width"]:
        """The mean of the drops of the squares that contain a pixel."""
        height, width = self.picture.shape[1:]
        total, count = np.zeros((height, width)), np.zeros((height, width))
        for (row, column), drop in np.ndenumerate(self.drops):
            top, left = self.tops[row], self.lefts[column]
            square = np.s_[top : top + self.side, left : left + self.side]
            total[square] += drop
            count[square] += 1
        return total / count

    def table(self) -> Table:
        """The squares whose absence lowers the probability most."""
        order = np.argsort(-self.drops, axis=None, kind="stable")[:LISTED]
        rows = []
        for place in order.tolist():
            row, column = divmod(place, len(self.lefts))
            top, left = self.tops[row], self.lefts[column]
            ends = f"rows {top} to {top + self.side - 1}"
            ends += f", columns {left} to {left + self.side - 1}"
            drop = self.drops[row, column]
            rows.append((ends, f"{self.probability - drop:.4f}", f"{drop:.4f}"))
        heads = ("probability without it", "drop")
        above = f"Probability of {one_line(self.name)}: {self.probability:.4f}."
        return Table(("square", *heads), tuple(rows), right=heads, above=(above,))

    def figure(self) -> "Figure":
        """The image, and the mean drop at each pixel."""
        from handgrad.inspection.figures import occlusion as drawing

        return drawing.occlusion(self.picture, self.heat, self.name)

    def as_dict(self) -> dict[str, Any]:
        """All numbers: class, probability, squares and drops."""
        names = ("name", "probability", "side", "tops", "lefts")
        numbers = {name: getattr(self, name) for name in names}
        return {**numbers, "drops": self.drops.tolist()}


@takes_kinds
def occlusion(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    image: int | None = None,
    side: int | None = None,
    stride: int | None = None,
    **where: Unpack[Where],
) -> Occlusion:
    """How much each part of an image, hidden, lowers the probability of its class.

    A square of the image's mean colour hides each part in turn. The class is that of
    the label, or the predicted one if the label is not known. `subject`, `images`,
    `labels`, `image` and `split`, `dataset`, `data_dir` are as in `feature_maps`.

    ConfigError for vectors, a `side` larger than the image, or a `stride` larger than
    the side; otherwise as `feature_maps`.

    Shapes
        images  one image as the classifier takes it; or several, and `image` is the
                number of one of them, counted from 0
        labels  labels of the images; optional

    Equations
        drop = softmax(logits(image))[class] - softmax(logits(image with square))[class]

    Units
        side    of the square, in pixels; by default a quarter of the shorter side
        stride  between two squares, in pixels; by default a quarter of `side`

    Example
        occlusion(clf, test_images[0])

    Source
        Zeiler, Fergus (2014), Visualizing and understanding convolutional networks,
        section 4.2.
    """
    of = subject_of(subject)
    sample = image_of(of, images, labels, image, **where)
    inputs = sample.inputs
    if inputs.ndim != 4:
        raise ConfigError(
            "occlusion hides parts of images, but this network takes vectors. Use a "
            "network trained on images."
        )
    height, width = inputs.shape[2:]
    side = max(1, min(height, width) // 4) if side is None else side
    check_count("occlusion", "side", side, most=min(height, width))
    stride = max(1, side // 4) if stride is None else stride
    check_count("occlusion", "stride", stride, most=side)  # so that all is covered
    side, stride = int(side), int(stride)
    tops, lefts = (_starts(size, side, stride) for size in (height, width))
    scores = _scores(of.network, _hidden(inputs, side, tops, lefts))
    number = int(scores[0].argmax() if sample.labels is None else sample.labels[0])
    drops = (scores[0, number] - scores[1:, number]).reshape(len(tops), len(lefts))
    name, whole = sample.class_names[number], float(scores[0, number])
    return Occlusion(sample.images[0], drops, tops, lefts, side, name, whole)


def _hidden(
    inputs: NumpyArray, side: int, tops: Sequence[int], lefts: Sequence[int]
) -> NumpyArray:
    """The image, then the image with each square in the mean of its channels."""
    found = np.repeat(inputs, 1 + len(tops) * len(lefts), axis=0)
    mean = inputs.mean(axis=(2, 3))[0, :, None, None]
    for number, (top, left) in enumerate(product(tops, lefts), 1):
        found[number, :, top : top + side, left : left + side] = mean
    return found


def _scores(network: Sequential, inputs: NumpyArray) -> NumpyArray:
    """The probabilities of all classes, (count, classes)."""
    parts = range(0, len(inputs), PART)
    found = [network.forward(inputs[start : start + PART])[0] for start in parts]
    scores: NumpyArray = Softmax().forward(np.concatenate(found))[0]
    return scores


def _starts(size: int, side: int, stride: int) -> tuple[int, ...]:
    """The first rows or columns of the squares, up to the last that fits."""
    last = size - side
    return (*range(0, last, stride), last)
