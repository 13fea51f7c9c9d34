"""The weights of the first layer, as images and as numbers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError
from handgrad.inspection.result import Result
from handgrad.inspection.subject import subject_of
from handgrad.inspection.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False, eq=False)
class Filters(Result):
    """The weights of each unit of the first layer.

    `class_names` names the units if the layer is also the last one.

    Shapes
        weight    as stored in the layer
        pictures  (units, channels, height, width)
    """

    layer: str
    weight: NumpyArray
    pictures: NumpyArray
    class_names: tuple[str, ...] = ()

    @property
    def norms(self) -> NumpyArray:
        """The Euclidean norm of each unit's weights, (units,)."""
        flat = self.pictures.reshape(len(self.pictures), -1)
        lengths: NumpyArray = np.linalg.norm(flat, axis=1)
        return lengths

    def table(self) -> Table:
        """Norm, minimum and maximum of the weights of each unit."""
        heads = ("norm", "min", "max")
        sizes = (
            (norm, picture.min(), picture.max())
            for norm, picture in zip(self.norms, self.pictures, strict=True)
        )
        return Table(
            ("unit", *heads),
            tuple(
                (str(unit), *(f"{size:.4g}" for size in row))
                for unit, row in enumerate(sizes)
            ),
            right=("unit", *heads),
            below=(f"Weights of {self.layer}, shape {self.weight.shape}.",),
        )

    def figure(self) -> "Figure":
        """One image per unit; labelled with the class if units are classes."""
        from handgrad.inspection.figures import filters as drawing

        return drawing.filters(self, class_names=self.class_names)

    def as_dict(self) -> dict[str, Any]:
        """The layer's name, the norms and the weights."""
        return {
            "layer": self.layer,
            "norms": self.norms.tolist(),
            "weight": self.weight.tolist(),
        }


@takes_kinds
def filters(subject: Any, image_shape: Shape | None = None) -> Filters:
    """The weights of the first layer with weights, arranged as images.

    `subject` is a fitted classifier, the path of a run, or a `Sequential`, which needs
    `image_shape`, (channels, height, width). ConfigError if the weights do not have the
    shape of the image.

    Example
        filters("runs/lenet-digits-1").figure()

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 6.1, figure 3.
    """
    of = subject_of(subject)
    image_shape = image_shape or of.input_shape
    if image_shape is None:
        raise ConfigError(
            "filters needs the image shape of a Sequential, got none. "
            "Give image_shape=(channels, height, width)."
        )
    names = of.names or ()
    for name, layer in of.network.layers.items():
        if "weight" not in layer.parameters():
            continue
        weight = to_numpy(layer.parameters()["weight"].value)
        if weight.ndim == 4 and weight.shape[1] == image_shape[0]:
            return Filters(name, weight, weight, names)
        if weight.ndim == 2 and weight.shape[1] == np.prod(image_shape):
            pictures = weight.reshape(-1, *image_shape)
            return Filters(name, weight, pictures, names)
        break
    raise ConfigError(
        f"filters draws weights for images of shape {image_shape}, but this network's "
        "first layer with weights does not take such images. Give a network that "
        "starts with a convolution or a linear layer."
    )
