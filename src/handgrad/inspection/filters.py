"""The first layer's weights, as pictures and as numbers."""

from dataclasses import dataclass

import numpy as np

from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError
from handgrad.layers import Sequential


@dataclass(frozen=True)
class Filters:
    """What each unit of the first layer looks for.

    Shapes
        weight    as the layer keeps it
        pictures  (units, channels, height, width)
    """

    layer: str
    weight: NumpyArray
    pictures: NumpyArray

    @property
    def norms(self) -> NumpyArray:
        """The Euclidean norm of each unit's weights, (units,)."""
        flat = self.pictures.reshape(len(self.pictures), -1)
        lengths: NumpyArray = np.linalg.norm(flat, axis=1)
        return lengths


def filters(model: Sequential, image_shape: Shape) -> Filters:
    """The weights of the first layer that has any, where it sees the image itself."""
    for name, layer in model.layers.items():
        if "weight" not in layer.parameters():
            continue
        weight = to_numpy(layer.parameters()["weight"].value)
        if weight.ndim == 4 and weight.shape[1] == image_shape[0]:
            return Filters(name, weight, weight)
        if weight.ndim == 2 and weight.shape[1] == np.prod(image_shape):
            return Filters(name, weight, weight.reshape(-1, *image_shape))
        break
    raise ConfigError(
        f"filters draws weights that see images of shape {image_shape}, and this "
        "network's first layer with weights does not. Give a network that starts with "
        "a convolution or a linear layer."
    )
