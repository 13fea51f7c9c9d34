"""The mixup augmentation."""

import numpy as np

from handgrad.arrays import Shape
from handgrad.augmentation.beta import beta_shares
from handgrad.augmentation.draws import fractions
from handgrad.augmentation.mixture import Mixture
from handgrad.randomness import Key
from handgrad.ranges import check_between

LEAST, MOST = 0.01, 10.0  # of alpha


class Mixup:
    """Mixup: blend each image with another of the training set, and their labels alike.

    The second image is augmented like the first. The loss must take soft labels:
    softmax cross-entropy and mean squared error do. Training accuracy counts the label
    of the larger share. ConfigError for a setting out of its range.

    Equations
        share = x rounded to a multiple of 1 / 256, x distributed as Beta(alpha, alpha)
        outputs = share * image + (1 - share) * second image
        label = share * one_hot(target) + (1 - share) * one_hot(second target)

    Units
        alpha  parameter of the distribution, 0.01 to 10: 1 is uniform, a smaller one
               changes most images less

    Source
        Zhang, Cisse, Dauphin, Lopez-Paz (2018), mixup: beyond empirical risk
        minimization, section 2.
    """

    def __init__(self, alpha: float = 0.2) -> None:
        check_between("mixup", "alpha", alpha, LEAST, MOST)
        self.alpha = float(alpha)

    def check_images(self, height: int, width: int) -> None:
        """Images of any `height` and `width` can be blended."""

    def mixture(self, key: Key, batch: int, count: int, image_shape: Shape) -> Mixture:
        """Draw the second image, one of `count`, and the share of each image.

        Both are functions of `key`, which has `batch` examples.

        Shapes
            image_shape  (channels, height, width)
        """
        place, part = fractions(key, batch, 2)
        shares = beta_shares(part, self.alpha)
        corners = np.zeros((batch, 4), np.int64)
        return Mixture((place * count).astype(np.int64), shares, shares, corners)

    def __repr__(self) -> str:
        return f"Mixup(alpha={self.alpha:g})"
