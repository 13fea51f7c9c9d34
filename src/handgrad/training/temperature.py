"""Temperature scaling: one number that calibrates the probabilities of a network."""

from dataclasses import dataclass

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import DatasetError

LOWEST, HIGHEST = 0.05, 20.0  # where the loss has no minimum, the nearer of these


@dataclass(frozen=True)
class Temperature:
    """The temperature T of calibrated probabilities, softmax(logits / T).

    Above 1 the network was overconfident, below 1 underconfident. The predicted classes
    are those of the logits, whatever T is. `images` is the number of images that it was
    fitted to.

    Units
        loss_before, loss_after  cross-entropy on these images, nats, at 1 and at T

    Source
        Guo, Pleiss, Sun, Weinberger (2017), On calibration of modern neural networks,
        section 4.2.
    """

    value: float
    images: int
    loss_before: float
    loss_after: float

    @property
    def is_bound(self) -> bool:
        """Whether T stands at the end of its range, 0.05 or 20.

        At 0.05 all images were classified correctly: the loss has no minimum.
        """
        return self.value in (LOWEST, HIGHEST)


def fit_temperature(logits: NumpyArray, targets: NumpyArray) -> Temperature:
    """The temperature with the lowest cross-entropy on held-out images.

    The loss is convex in 1 / T, so its slope has one zero, found by Brent's method.
    DatasetError if there are no images.

    Shapes
        logits   (count, classes), finite
        targets  (count,), class numbers

    Equations
        loss(T)       = mean of logsumexp(logits / T) - logits[target] / T
        slope in 1/T  = mean of sum(softmax(logits / T) * logits) - logits[target]
    """
    if not len(targets):
        raise DatasetError(
            "A temperature is fitted to held-out images, got none. Give validation "
            "images."
        )
    wide = np.asarray(logits, dtype=np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(targets)), targets]
    value = _zero_of_slope(shifted, right)
    before, after = (_loss(shifted, right, each) for each in (1.0, value))
    return Temperature(value, len(targets), before, after)


def _zero_of_slope(shifted: NumpyArray, right: NumpyArray) -> float:
    from scipy.optimize import brentq  # takes a while to import

    def slope(inverse: float) -> float:
        powers = np.exp(shifted * inverse)
        means = (powers * shifted).sum(axis=1) / powers.sum(axis=1)
        return float((means - right).mean())

    if slope(1 / LOWEST) <= 0:
        return LOWEST
    if slope(1 / HIGHEST) >= 0:
        return HIGHEST
    return 1 / float(brentq(slope, 1 / HIGHEST, 1 / LOWEST, xtol=1e-12))


def _loss(shifted: NumpyArray, right: NumpyArray, temperature: float) -> float:
    sums = np.log(np.exp(shifted / temperature).sum(axis=1))
    return float((sums - right / temperature).mean())
