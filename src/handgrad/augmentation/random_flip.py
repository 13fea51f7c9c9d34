"""Mirroring images."""

import numpy as np
from jaxtyping import Bool

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import whole_numbers
from handgrad.augmentation.views import Images, Views
from handgrad.randomness import Key


class RandomFlip:
    """Random horizontal flip: mirror each image with probability one half.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        is_flipped = a fair coin, one for each image
        outputs[c, y, x] = inputs[c, y, width - 1 - x] where is_flipped, else inputs

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1.
    """

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be mirrored."""

    def apply(self, images: Images, key: Key) -> Images:
        """Mirror about half of the `images`; which ones is drawn from `key`."""
        is_flipped = self._is_flipped(key, len(images))
        outputs = np.array(images)
        outputs[is_flipped] = images[is_flipped][..., ::-1]
        return outputs

    def view(self, views: Views, key: Key) -> None:
        """The same change written into `views`, for the engine; drawn from `key`."""
        views.mirror(self._is_flipped(key, len(views.table)))

    def _is_flipped(self, key: Key, batch: int) -> Bool[NumpyArray, " batch"]:
        is_flipped: NumpyArray = whole_numbers(key, (batch, 1), 2)[:, 0] == 1
        return is_flipped

    def __repr__(self) -> str:
        return "RandomFlip()"
