"""From bytes to the numbers a network sees; saved with the model."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Float, UInt8

from handgrad.arrays import NumpyArray
from handgrad.errors import unknown_name

FULL = 255.0
NAMES = ("unit", "half", "standard")


@dataclass(frozen=True)
class Normalization:
    """One mean and one standard deviation for each channel, of pixels from 0 to 1.

    Shapes
        images   (count, channels, height, width), uint8
        outputs  the same, float32

    Equations
        outputs = images * scale + shift             in float32, one rounding each
        scale   = 1 / (255 * std)
        shift   = -mean / std
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def scale(self) -> NumpyArray:
        """What a pixel is multiplied by, for each channel."""
        return (1.0 / (FULL * np.asarray(self.std))).astype(np.float32)

    @property
    def shift(self) -> NumpyArray:
        """What is added then, for each channel."""
        shift: NumpyArray = -np.asarray(self.mean) / np.asarray(self.std)
        return shift.astype(np.float32)

    def apply(
        self, images: UInt8[NumpyArray, "count channels height width"]
    ) -> Float[NumpyArray, "count channels height width"]:
        """Normalise images."""
        scale, shift = self.scale[:, None, None], self.shift[:, None, None]
        outputs: NumpyArray = np.asarray(images).astype(np.float32) * scale + shift
        return outputs


def unit(channels: int) -> Normalization:
    """Pixels from 0 to 1."""
    return Normalization((0.0,) * channels, (1.0,) * channels)


def half(channels: int) -> Normalization:
    """Pixels from -1 to 1: mean one half, standard deviation one half."""
    return Normalization((0.5,) * channels, (0.5,) * channels)


def standard(images: UInt8[NumpyArray, "count channels height width"]) -> Normalization:
    """Mean 0 and standard deviation 1 over these images, for each channel."""
    channels = [_mean_and_std(images[:, place]) for place in range(images.shape[1])]
    means, spreads = zip(*channels, strict=True)
    # a channel of one single colour has no spread to divide by
    return Normalization(means, tuple(spread or 1.0 for spread in spreads))


def _mean_and_std(pixels: NumpyArray) -> tuple[float, float]:
    """Of pixels from 0 to 1, from whole numbers: one colour spreads exactly 0."""
    counts = np.bincount(np.ascontiguousarray(pixels).reshape(-1), minlength=256)
    levels = np.arange(256)
    total, first, second = (int(counts @ levels**power) for power in range(3))
    spread = sqrt(total * second - first**2)  # Python's integers do not overflow
    return first / (total * 255), spread / (total * 255)


def normalization(
    name: str, images: UInt8[NumpyArray, "count channels height width"]
) -> Normalization:
    """`unit`, `half`, or `standard` over the training images."""
    if name not in NAMES:
        raise unknown_name("normalization", name, NAMES)
    if name == "standard":
        return standard(images)
    channels = images.shape[1]
    return unit(channels) if name == "unit" else half(channels)
