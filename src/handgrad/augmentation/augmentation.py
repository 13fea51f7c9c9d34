"""The protocol of augmentations, and the random integers that they draw."""

from typing import Protocol

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.source_coordinates import Images
from handgrad.errors import ConfigError
from handgrad.randomness import Key, random_bits


class Augmentation(Protocol):
    """Protocol of augmentations: random transformations that keep the class.

    A custom augmentation defines `apply`. With `key.examples`, one number for each
    image, the transformation of an image depends on the seed, the step and its number,
    not on its position in the batch.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same; the input images are not modified
    """

    def apply(self, images: Images, key: Key) -> Images:
        """Return transformed copies of the `images`, drawn from `key`."""


def check_smaller(name: str, option: str, size: int, image: tuple[int, int]) -> None:
    """Raise ConfigError unless `size` is smaller than height and width."""
    height, width = image
    if size >= min(image):
        raise ConfigError(
            f"{name} takes {option} below {min(image)} for images of {height} x "
            f"{width} pixels, got {size}. Use a smaller value."
        )


def whole_numbers(key: Key, shape: Shape, count: int) -> NumpyArray:
    """Uniform int64 integers from 0 to count - 1.

    Equations
        number = floor(count * bits / 2**32)      relative difference of probabilities
                                                  at most count / 2**32
    """
    bits = random_bits(key, shape).astype(np.uint64)
    return ((bits * np.uint64(count)) >> np.uint64(32)).astype(np.int64)
