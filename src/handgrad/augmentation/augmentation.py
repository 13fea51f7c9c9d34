"""What every augmentation is, and the whole numbers they draw."""

from typing import Protocol

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.views import Images
from handgrad.errors import ConfigError
from handgrad.randomness import Key, random_bits


class Augmentation(Protocol):
    """Protocol of augmentations: a random change of images that keeps their class.

    One of your own defines `apply`. With `key.examples`, one number for each image, the
    change of an image depends on the seed, the step and its number, not on its position
    in the batch.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same; the images given are not modified
    """

    def apply(self, images: Images, key: Key) -> Images:
        """Return changed copies of the `images`, drawn from `key`."""


def check_smaller(name: str, option: str, size: int, image: tuple[int, int]) -> None:
    """Refuse to shift or hide as much as a whole image; ConfigError."""
    height, width = image
    if size >= min(image):
        raise ConfigError(
            f"{name} takes {option} below {min(image)} for images of {height} x "
            f"{width} pixels, got {size}. Give less."
        )


def whole_numbers(key: Key, shape: Shape, count: int) -> NumpyArray:
    """Uniform int64 numbers from 0 to count - 1.

    Equations
        number = floor(count * bits / 2**32)      no number is likelier than another by
                                                  more than count / 2**32
    """
    bits = random_bits(key, shape).astype(np.uint64)
    return ((bits * np.uint64(count)) >> np.uint64(32)).astype(np.int64)
