"""Turning images upside down."""

import numpy as np
from jaxtyping import Bool

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.augmentation.recorded_operations import Pipeline
from handgrad.augmentation.resample import about_the_centre
from handgrad.augmentation.source_coordinates import Images
from handgrad.randomness import Key


class RandomVerticalFlip:
    """Random vertical flip: mirror each image top to bottom with probability one half.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        is_flipped = a fair coin, one for each image
        outputs[c, y, x] = inputs[c, height - 1 - y, x] where is_flipped, else inputs

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1, which mirrors left to right.
    """

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be mirrored."""

    def apply(self, images: Images, key: Key) -> Images:
        """Mirror about half of the `images`; which ones is drawn from `key`."""
        is_flipped = self._is_flipped(key, len(images))
        outputs = np.array(images)
        outputs[is_flipped] = images[is_flipped][..., ::-1, :]
        return outputs

    def record(self, pipeline: Pipeline, key: Key) -> None:
        """The same change recorded in `pipeline`, drawn from `key`."""
        linear = np.tile(np.eye(2), (pipeline.batch, 1, 1))
        linear[self._is_flipped(key, pipeline.batch), 0, 0] = -1
        pipeline.resample(about_the_centre(linear, pipeline.image_shape))

    def _is_flipped(self, key: Key, batch: int) -> Bool[NumpyArray, " batch"]:
        is_flipped: NumpyArray = whole_numbers(key, (batch, 1), 2)[:, 0] == 1
        return is_flipped

    def __repr__(self) -> str:
        return "RandomVerticalFlip()"
