"""A warning for inputs on another scale than those of training."""

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.datasets.dataset import Split
from handgrad.datasets.normalization import Normalization
from handgrad.errors import warn

MOST = 1 << 18  # numbers that are compared
LEAST = 16  # fewer numbers than this say nothing
LARGE = 20  # times the training values; by Chebyshev, at most 1 in 400 of these
CONSTANT = 1.0  # the deviation stored for a channel or feature of one value
SMALL = 1 / 50  # of the training values, by nine in ten numbers


def warn_of_split(
    split: Split | None, normalization: Normalization, name: str, what: str
) -> None:
    """Issue a HandgradWarning for inputs of a split on another scale than in training.

    Only a `normalization` named "standard" knows that of training.
    """
    if split is None or name != "standard":
        return
    if split.images.dtype == np.float32:
        warn_of_scale(split.images, normalization, what)


def warn_of_scale(
    inputs: NumpyArray, normalization: Normalization, what: str = "inputs"
) -> None:
    """Issue a HandgradWarning for float32 inputs on another scale than in training.

    The training values are known by their root mean square in each channel or feature.
    Inputs are too large if at least half of those that are not 0 exceed it 20 times;
    too small, as pixels from 0 to 1 are after training on 0 to 255, if nine in ten are
    below a fiftieth of it, and all below a twentieth of the largest. Whole numbers and
    a single value are not too small: dark images have them. Zeros, and channels or
    features of a single training value, are not counted.

    Shapes
        inputs  (count, channels, height, width) or (count, features), float32

    Equations
        usual = sqrt(mean**2 + std**2)
        ratio = abs(inputs) / usual
    """
    step = max(1, -(-inputs.size // MOST))
    sampled = inputs[::step]
    axes = (-1, *(1,) * (inputs.ndim - 2))
    std = np.reshape(normalization.std, axes)
    usual = np.hypot(np.reshape(normalization.mean, axes), std)
    ratios = (np.abs(sampled) / usual)[(sampled != 0) & (std != CONSTANT)]
    if ratios.size < LEAST:
        return
    is_large = np.median(ratios) > LARGE
    is_small = (
        np.quantile(ratios, 0.9) < SMALL
        and np.abs(sampled).max() < usual.max() / LARGE
        and np.ptp(sampled) > 0
        and bool((sampled % 1).any())
    )
    if is_large or is_small:
        warn(
            f"The {what} range from {inputs.min():.3g} to {inputs.max():.3g}, but "
            f"typical training values are {np.median(usual):.3g}. Scale them as in "
            "training."
        )
