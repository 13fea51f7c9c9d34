"""Moving images a little, up, down and sideways."""

import numpy as np
from jaxtyping import Int64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import check_smaller, whole_numbers
from handgrad.augmentation.views import Images, Views
from handgrad.randomness import Key
from handgrad.ranges import check_at_least


class RandomCrop:
    """Pad with black on every side, then cut a window of the old size anywhere.

    Equations
        top, left = uniform in 0 .. 2 * padding, one pair for each image
        outputs[c, y, x] = padded[c, top + y, left + x]

    Units
        padding  pixels

    Source
        Krizhevsky, Sutskever, Hinton (2012), ImageNet classification with deep
        convolutional neural networks, section 4.1; with zero padding: He, Zhang, Ren,
        Sun (2016), Deep residual learning, section 4.2.
    """

    def __init__(self, padding: int) -> None:
        check_at_least("random_crop", "padding", padding, 0)
        self.padding = padding

    def check_images(self, height: int, width: int) -> None:
        """Whether something of each image is left; ConfigError."""
        check_smaller("random_crop", "padding", self.padding, (height, width))

    def apply(self, images: Images, key: Key) -> Images:
        """Cut one window from each padded image."""
        batch, _, height, width = images.shape
        border = (self.padding, self.padding)
        padded = np.pad(images, ((0, 0), (0, 0), border, border))
        windows = np.lib.stride_tricks.sliding_window_view(
            padded, (height, width), axis=(2, 3)
        )
        top, left = self._corners(key, batch)
        return windows[np.arange(batch), :, top, left]

    def view(self, views: Views, key: Key) -> None:
        """The same as rows of numbers."""
        top, left = self._corners(key, len(views.table))
        views.shift(top - self.padding, left - self.padding)

    def _corners(self, key: Key, batch: int) -> Int64[NumpyArray, "2 batch"]:
        return whole_numbers(key, (batch, 2), 2 * self.padding + 1).T

    def __repr__(self) -> str:
        return f"RandomCrop(padding={self.padding})"
