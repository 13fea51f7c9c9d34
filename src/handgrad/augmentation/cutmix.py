"""The cutmix augmentation."""

import numpy as np
from jaxtyping import Float64, Int64

from handgrad.arrays import NumpyArray, Shape
from handgrad.augmentation.beta import beta_shares
from handgrad.augmentation.draws import fractions
from handgrad.augmentation.mixture import EXACT, Mixture
from handgrad.augmentation.mixup import LEAST, MOST
from handgrad.randomness import Key
from handgrad.ranges import check_between


class CutMix:
    """CutMix: replace a rectangle of each image by that of another, and mix the labels.

    The second image is any of the training set, augmented like the first. The loss must
    take soft labels: softmax cross-entropy and mean squared error do. Training accuracy
    counts the label of the larger share. ConfigError for a setting out of its range.

    Equations
        x = a multiple of 1 / 256, distributed as Beta(alpha, alpha)
        sides = floor(sqrt(1 - x) * height), floor(sqrt(1 - x) * width)
        centre = uniform over the pixels; the rectangle is clipped at the borders
        outputs = second image inside the rectangle, image outside
        share = 1 - pixels of the rectangle / (height * width)
        label = share * one_hot(target) + (1 - share) * one_hot(second target)

    Units
        alpha  parameter of the distribution, 0.01 to 10: 1 is uniform

    Source
        Yun, Han, Oh, Chun, Choe, Yoo (2019), CutMix: regularization strategy to train
        strong classifiers with localizable features, section 3.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        check_between("cutmix", "alpha", alpha, LEAST, MOST)
        self.alpha = float(alpha)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` have rectangles."""

    def mixture(self, key: Key, batch: int, count: int, image_shape: Shape) -> Mixture:
        """Draw the second image, one of `count`, and the rectangle of each image.

        Both are functions of `key`, which has `batch` examples.

        Shapes
            image_shape  (channels, height, width)
        """
        place, part, *centre = fractions(key, batch, 4)
        side = np.sqrt(1 - beta_shares(part, self.alpha).astype(np.float64))
        _, height, width = image_shape
        rows, columns = (
            _interval(fraction, side, length)
            for fraction, length in zip(centre, (height, width), strict=True)
        )
        corners = np.stack([*rows, *columns], axis=1)
        pixels = (rows[1] - rows[0]) * (columns[1] - columns[0])
        shares = np.rint((1 - pixels / (height * width)) * EXACT) / EXACT
        return Mixture(
            (place * count).astype(np.int64),
            shares.astype(np.float32),
            np.ones(batch, np.float32),
            corners,
        )

    def __repr__(self) -> str:
        return f"CutMix(alpha={self.alpha:g})"


def _interval(
    fraction: Float64[NumpyArray, " batch"],
    side: Float64[NumpyArray, " batch"],
    length: int,
) -> tuple[Int64[NumpyArray, " batch"], Int64[NumpyArray, " batch"]]:
    """First place and last + 1 of an interval, clipped to 0 .. length."""
    size = np.floor(side * length).astype(np.int64)
    first = np.floor(fraction * length).astype(np.int64) - size // 2
    return np.clip(first, 0, length), np.clip(first + size, 0, length)
