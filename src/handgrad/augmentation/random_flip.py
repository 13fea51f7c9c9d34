"""Mirroring images."""

import numpy as np
from jaxtyping import UInt8

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.randomness import Key


class RandomFlip:
    """Mirror every other image, left to right, on average.

    Equations
        is_flipped = uniform in 0 .. 1, one for each image
        outputs[c, y, x] = inputs[c, y, width - 1 - x] where is_flipped, else inputs

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1.
    """

    def apply(
        self, images: UInt8[NumpyArray, "batch channels height width"], key: Key
    ) -> UInt8[NumpyArray, "batch channels height width"]:
        """Flip the images whose coin says so; the same key flips the same ones."""
        is_flipped = whole_numbers(key, (len(images), 1), 2)[:, 0] == 1
        outputs = np.array(images)
        outputs[is_flipped] = images[is_flipped][..., ::-1]
        return outputs

    def __repr__(self) -> str:
        return "RandomFlip()"
