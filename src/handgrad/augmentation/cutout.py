"""The cutout augmentation."""

import numpy as np
from jaxtyping import Bool, Int64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.augmentation import check_smaller, whole_numbers
from handgrad.augmentation.source_coordinates import Images, Views
from handgrad.randomness import Key
from handgrad.ranges import check_at_least


class Cutout:
    """Cutout: set one random square of each image to 0.

    The centre is anywhere in the image, so near the edges a part of the square may lie
    outside. ConfigError for a size below 1.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        centre = uniform over the pixels, one for each image
        hidden = centre - size // 2 <= position < centre - size // 2 + size, both axes
        outputs = 0 where hidden, else inputs

    Units
        size  side of the square, in pixels

    Source
        DeVries, Taylor (2017), Improved regularization of convolutional neural networks
        with cutout, section 3.2.
    """

    def __init__(self, size: int) -> None:
        check_at_least("cutout", "size", size, 1)
        self.size = size

    def check_images(self, height: int, width: int) -> None:
        """Raise ConfigError unless the size is below `height` and `width`."""
        check_smaller("cutout", "size", self.size, (height, width))

    def apply(self, images: Images, key: Key) -> Images:
        """Set a square of each of the `images` to 0, at a position drawn from `key`."""
        batch, _, height, width = images.shape
        rows = self._is_hidden(key.child("row"), batch, height)
        columns = self._is_hidden(key.child("column"), batch, width)
        hidden = rows[:, None, :, None] & columns[:, None, None, :]
        return np.where(hidden, np.uint8(0), images)

    def view(self, views: Views, key: Key) -> None:
        """Record the transformation drawn from `key` in `views`, for the engine."""
        count = len(views.table)
        top = self._start(key.child("row"), count, views.height)
        left = self._start(key.child("column"), count, views.width)
        views.hide(top[:, 0], left[:, 0], self.size, self.size)

    def _start(self, key: Key, batch: int, length: int) -> Int64[NumpyArray, "batch 1"]:
        return whole_numbers(key, (batch, 1), length) - self.size // 2

    def _is_hidden(
        self, key: Key, batch: int, length: int
    ) -> Bool[NumpyArray, "batch length"]:
        start, places = self._start(key, batch, length), np.arange(length)
        return (places >= start) & (places < start + self.size)

    def __repr__(self) -> str:
        return f"Cutout(size={self.size})"
