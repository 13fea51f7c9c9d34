"""Turning images by quarter turns."""

import numpy as np
from jaxtyping import Int64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.resample import about_the_centre
from handgrad.augmentation.source_coordinates import Images
from handgrad.errors import ConfigError
from handgrad.randomness import Key

# from (row, column) about the centre to those that are read, for each number of turns
QUARTERS = (
    ((1, 0), (0, 1)),
    ((0, 1), (-1, 0)),
    ((-1, 0), (0, -1)),
    ((0, -1), (1, 0)),
)


class RandomRotate90:
    """Rotate each square image by 0, 90, 180 or 270 degrees, all equally likely.

    Shapes
        images   (batch, channels, side, side), uint8 or float32
        outputs  the same

    Equations
        turns = uniform in 0, 1, 2, 3, one number for each image
        one turn: outputs[c, y, x] = inputs[c, x, side - 1 - y], counter-clockwise

    Source
        Cohen, Welling (2016), Group equivariant convolutional networks, section 4.2:
        the rotations of the group p4.
    """

    def check_images(self, height: int, width: int) -> None:
        """ConfigError unless `height` and `width` are equal."""
        if height != width:
            raise ConfigError(
                f"random_rotate90 takes square images, got {height} x {width} pixels. "
                "Resize them: --image-size 64, in Python image_size=(64, 64)."
            )

    def apply(self, images: Images, key: Key) -> Images:
        """Rotate each of the `images` by quarter turns drawn from `key`."""
        turns = self._turns(key, len(images))
        outputs = np.array(images)
        for number in (1, 2, 3):
            chosen = turns == number
            outputs[chosen] = np.rot90(images[chosen], number, axes=(2, 3))
        return outputs

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        linear = np.array(QUARTERS, np.float64)[self._turns(key, pipeline.batch)]
        pipeline.resample(about_the_centre(linear, pipeline.image_shape))

    def _turns(self, key: Key, batch: int) -> Int64[NumpyArray, " batch"]:
        turns: NumpyArray = whole_numbers(key, (batch, 1), 4)[:, 0]
        return turns

    def __repr__(self) -> str:
        return "RandomRotate90()"
