"""Hiding a rectangle of some images."""

import numpy as np
from jaxtyping import Int64

from handgrad.arrays import NumpyArray
from handgrad.augmentation.draws import fractions, ratio
from handgrad.augmentation.source_coordinates import Images, Views, look
from handgrad.randomness import Key
from handgrad.ranges import check_between

LEAST = 0.02  # of an image's area
ASPECT = 1 / 0.3


class RandomErasing:
    """Random erasing: set a random rectangle of some images to 0.

    The rectangle lies inside the image. ConfigError for a setting out of its range.

    Shapes
        images   (batch, channels, height, width), uint8 or float32
        outputs  the same

    Equations
        is_erased = true with this probability, one draw for each image
        fraction = uniform in 0.02 .. area
        aspect = a ratio from 0.3 to 1 / 0.3
        sides = min(floor(sqrt(fraction * height * width * aspect)), height),
                min(floor(sqrt(fraction * height * width / aspect)), width)
        top, left = uniform in 0 .. height - sides[0], 0 .. width - sides[1]
        outputs = 0 inside the rectangle where is_erased, else inputs

    Units
        probability  fraction of the images, 0 to 1
        area         largest rectangle, as a fraction of the image, 0.02 to 1

    Source
        Zhong, Zheng, Kang, Li, Yang (2020), Random erasing data augmentation, section
        3, with a rectangle of zeros.
    """

    def __init__(self, probability: float = 0.5, area: float = 0.33) -> None:
        check_between("random_erasing", "probability", probability, 0, 1)
        check_between("random_erasing", "area", area, LEAST, 1)
        self.probability, self.area = float(probability), float(area)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` have rectangles."""

    def apply(self, images: Images, key: Key) -> Images:
        """Set a rectangle of some of the `images` to 0, drawn from `key`."""
        views = Views(len(images), *images.shape[2:])
        self.view(views, key)
        return look(images, views.table)

    def view(self, views: Views, key: Key) -> None:
        """The same change written into `views`, for the engine; drawn from `key`."""
        views.hide(*self._rectangles(key, len(views.table), views.height, views.width))

    def _rectangles(
        self, key: Key, batch: int, height: int, width: int
    ) -> Int64[NumpyArray, "4 batch"]:
        """Top, left, height and width, which are 0 where nothing is erased."""
        drawn, part, outline, down, right = fractions(key, batch, 5)
        pixels = (LEAST + (self.area - LEAST) * part) * (height * width)
        aspect = ratio(outline, ASPECT)
        tall = np.minimum(np.floor(np.sqrt(pixels * aspect)), height)
        wide = np.minimum(np.floor(np.sqrt(pixels / aspect)), width)
        top = np.floor(down * (height - tall + 1))
        left = np.floor(right * (width - wide + 1))
        is_erased = drawn < self.probability
        return np.stack([top, left, tall * is_erased, wide]).astype(np.int64)

    def __repr__(self) -> str:
        return f"RandomErasing(probability={self.probability:g}, area={self.area:g})"
