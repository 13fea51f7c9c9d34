"""The outputs of each layer for one image."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.inspection.result import Rows
from handgrad.inspection.sample import Where, image_of
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table, sizes
from handgrad.text import one_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FeatureMap:
    """The outputs of `layer` for one image; `kind` is the layer's class.

    Shapes
        outputs  (channels, height, width) or (features,)
    """

    layer: str
    kind: str
    outputs: NumpyArray

    @property
    def zero(self) -> float:
        """The fraction of outputs that are exactly 0."""
        return float(np.mean(self.outputs == 0))

    @property
    def silent(self) -> int:
        """The number of maps (or features) that are 0 everywhere."""
        flat = self.outputs.reshape(len(self.outputs), -1)
        return int(np.count_nonzero((flat == 0).all(axis=1)))


@dataclass(frozen=True, repr=False, eq=False)
class FeatureMaps(Rows[FeatureMap]):
    """The outputs of every layer for one image, first layer to last, in `rows`.

    `class_names[target]` is the class of the image, if known, and `image` its number.

    Shapes
        picture  the image as given
    """

    rows: tuple[FeatureMap, ...]
    picture: NumpyArray
    image: int
    class_names: tuple[str, ...]
    target: int | None

    @property
    def prediction(self) -> int:
        """The class number with the largest logit."""
        return int(self.rows[-1].outputs.argmax())

    def table(self) -> Table:
        """Shapes and ranges of all outputs; the true and the predicted class."""
        heads = ("min", "max", "zeros", "all zero")
        rows = tuple(
            (
                row.layer,
                sizes(row.outputs.shape),
                f"{row.outputs.min():.4g}",
                f"{row.outputs.max():.4g}",
                f"{row.zero:.1%}",
                f"{row.silent} of {len(row.outputs)}",
            )
            for row in self.rows
        )
        predicted = self.class_names[self.prediction] if self.class_names else None
        note = f"Predicted class: {one_line(predicted)}." if predicted else ""
        if self.target is not None:
            true = one_line(self.class_names[self.target])
            note = f"True class: {true}; predicted: {one_line(predicted or '')}."
        below = (note,) if note else ()
        return Table(("layer", "outputs", *heads), rows, right=heads, below=below)

    def figure(self) -> "Figure":
        """The image, and one row of feature maps per layer."""
        from handgrad.inspection.figures import feature_maps as drawing

        return drawing.feature_maps(self.picture, self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`image`, its number, and `layers`: name, kind and outputs of each."""
        layers = [{**asdict(row), "outputs": row.outputs.tolist()} for row in self.rows]
        return {"image": self.image, "layers": layers}


@takes_kinds
def feature_maps(
    subject: Any,
    images: Any = None,
    labels: Any = None,
    *,
    image: int | None = None,
    **where: Unpack[Where],
) -> FeatureMaps:
    """The outputs of every layer for one image, in prediction, in float64.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`. Without
    `images`, an image of the run is used, selected by `split` ("test", "validation" or
    "train") or `dataset` (a name or path, searched for in `data_dir` first).

    ConfigError for an image number out of range or an unknown split; ShapeError for an
    image of the wrong shape.

    Shapes
        images  one image as the classifier takes it; or several, and `image` is the
                number of one of them, counted from 0
        labels  labels of the images; optional

    Example
        feature_maps(clf, test_images[0])

    Source
        Zeiler, Fergus (2014), Visualizing and understanding convolutional networks,
        section 4.
    """
    of = subject_of(subject)
    sample = image_of(of, images, labels, image, **where)
    maps, outputs = [], sample.inputs
    for name, layer in of.network.layers.items():
        outputs, _ = layer.forward(outputs)
        maps.append(FeatureMap(name, type(layer).__name__, outputs[0]))
    target = None if sample.labels is None else int(sample.labels[0])
    picture, number = sample.images[0], int(image or 0)
    return FeatureMaps(tuple(maps), picture, number, sample.class_names, target)
