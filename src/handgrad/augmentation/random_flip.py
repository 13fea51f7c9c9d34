"""The random horizontal flip augmentation."""

import numpy as np
from jaxtyping import Bool

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.augmentation.source_coordinates import Images, Views
from handgrad.randomness import Key


class RandomFlip:
    """Random horizontal flip: flip each image with probability 1/2.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        is_flipped = true with probability 1/2, for each image
        outputs[c, y, x] = inputs[c, y, width - 1 - x] where is_flipped, else inputs

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1.
    """

    def check_images(self, height: int, width: int) -> None:
        """Accept images of any `height` and `width`."""

    def apply(self, images: Images, key: Key) -> Images:
        """Flip about half of the `images`, drawn from `key`."""
        is_flipped = self._is_flipped(key, len(images))
        outputs = np.array(images)
        outputs[is_flipped] = images[is_flipped][..., ::-1]
        return outputs

    def view(self, views: Views, key: Key) -> None:
        """Record the transformation drawn from `key` in `views`, for the engine."""
        views.mirror(self._is_flipped(key, len(views.table)))

    def _is_flipped(self, key: Key, batch: int) -> Bool[NumpyArray, " batch"]:
        is_flipped: NumpyArray = whole_numbers(key, (batch, 1), 2)[:, 0] == 1
        return is_flipped

    def __repr__(self) -> str:
        return "RandomFlip()"
