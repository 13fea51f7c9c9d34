"""The random crop augmentation."""

import numpy as np
from jaxtyping import Int64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import check_smaller, whole_numbers
from handgrad.augmentation.source_coordinates import Images, Views
from handgrad.randomness import Key
from handgrad.ranges import check_at_least


class RandomCrop:
    """Random crop: pad with zeros on every side, then crop to the original size.

    ConfigError for a negative padding.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        top, left = uniform in 0 .. 2 * padding, one pair for each image
        outputs[c, y, x] = padded[c, top + y, left + x]

    Units
        padding  pixels on each side

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1; with zero padding: He, Zhang, Ren,
        Sun (2016), Deep residual learning, section 4.2.
    """

    def __init__(self, padding: int) -> None:
        check_at_least("random_crop", "padding", padding, 0)
        self.padding = padding

    def check_images(self, height: int, width: int) -> None:
        """Raise ConfigError unless the padding is below `height` and `width`."""
        check_smaller("random_crop", "padding", self.padding, (height, width))

    def apply(self, images: Images, key: Key) -> Images:
        """Crop each of the padded `images`, at a position drawn from `key`."""
        batch, _, height, width = images.shape
        border = (self.padding, self.padding)
        padded = np.pad(images, ((0, 0), (0, 0), border, border))
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, (height, width), axis=(2, 3)
        )
        top, left = self._corners(key, batch)
        return windows[np.arange(batch), :, top, left]

    def view(self, views: Views, key: Key) -> None:
        """Record the transformation drawn from `key` in `views`, for the engine."""
        top, left = self._corners(key, len(views.table))
        views.shift(top - self.padding, left - self.padding)

    def _corners(self, key: Key, batch: int) -> Int64[NumpyArray, "2 batch"]:
        return whole_numbers(key, (batch, 2), 2 * self.padding + 1).T

    def __repr__(self) -> str:
        return f"RandomCrop(padding={self.padding})"
