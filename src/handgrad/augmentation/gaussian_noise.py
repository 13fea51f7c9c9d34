"""Adding noise to images."""

from typing import Any

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.noise import add_noise
from handgrad.augmentation.pixel_values import full_range
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key
from handgrad.ranges import check_between


class GaussianNoise:
    """Gaussian noise: add independent normal numbers to all values of each image.

    ConfigError for a deviation that is not from 0 to 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        outputs = inputs + deviation * range * normal, one draw for each value
        range = 255 for uint8, 1 for float32; normal is one of 4096 levels, see
                `augmentation.noise.normal_levels`
        bytes are clipped to 0 .. 255 and rounded to the nearest

    Units
        deviation  standard deviation as a fraction of the range, 0 to 1

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 7.5.
    """

    def __init__(self, deviation: float = 0.05) -> None:
        check_between("gaussian_noise", "deviation", deviation, 0, 1)
        self.deviation = float(deviation)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` take noise."""

    def apply(self, images: Images, key: Key) -> Images:
        """Add noise drawn from `key` to each of the `images`."""
        return add_noise(images, key, self._each(len(images), images.dtype))

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        pipeline.add_noise(key, self._each(pipeline.batch, pipeline.dtype))

    def _each(self, batch: int, dtype: np.dtype[Any]) -> Float32[NumpyArray, " batch"]:
        return np.full(batch, self.deviation * full_range(dtype), np.float32)

    def __repr__(self) -> str:
        return f"GaussianNoise(deviation={self.deviation:g})"
