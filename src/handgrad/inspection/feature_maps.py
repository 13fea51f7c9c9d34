"""What each layer makes of one image."""

from dataclasses import dataclass

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ShapeError
from handgrad.layers import Sequential


@dataclass(frozen=True)
class FeatureMap:
    """One layer's outputs for one image.

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
        """How many maps (or features) are 0 everywhere."""
        flat = self.outputs.reshape(len(self.outputs), -1)
        return int(np.count_nonzero((flat == 0).all(axis=1)))


def feature_maps(model: Sequential, inputs: NumpyArray) -> tuple[FeatureMap, ...]:
    """The outputs of every layer for one image, in prediction.

    Shapes
        inputs  (channels, height, width), normalised as the network takes it
    """
    if inputs.ndim != 3:
        raise ShapeError(
            "feature_maps takes one image of shape (channels, height, width), got "
            f"{tuple(inputs.shape)}. Give one image, without the batch axis."
        )
    maps, outputs = [], inputs[None]
    for name, layer in model.layers.items():
        outputs, _ = layer.forward(outputs)
        maps.append(FeatureMap(name, type(layer).__name__, outputs[0]))
    return tuple(maps)
