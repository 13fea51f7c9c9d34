"""What every augmentation is, and the whole numbers they draw."""

from typing import Protocol

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.views import Images
from handgrad.errors import ConfigError
from handgrad.randomness import Key, random_bits


class Augmentation(Protocol):
    """A random change of images that leaves their class as it is.

    With `key.examples`, one number for each image, what happens to an image depends on
    the seed, the step and its number, not on its place in the batch.
    """

    def apply(self, images: Images, key: Key) -> Images:
        """New images; those given stay as they are."""


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
