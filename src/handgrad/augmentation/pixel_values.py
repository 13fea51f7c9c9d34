"""What the functions of pixels share: rounding, grey, and the largest value."""

from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Shaped

from handgrad.arrays import NumpyArray
from handgrad.augmentation.source_coordinates import Images

# luminance: W3C, Filter Effects Module Level 1, section 9.6
LUMINANCE = (0.213, 0.715, 0.072)
WHITE = 255


def as_pixels(
    values: Float32[NumpyArray, "..."], dtype: np.dtype[Any]
) -> Shaped[NumpyArray, "..."]:
    """Float32 values as pixels of a `dtype`.

    Equations
        uint8:    floor(min(max(value, 0), 255) + 0.5)
        float32:  value
    """
    if dtype != np.uint8:
        return values
    half = np.float32(0.5)
    return (np.clip(values, np.float32(0), np.float32(WHITE)) + half).astype(np.uint8)


def full_range(dtype: np.dtype[Any]) -> float:
    """The largest value of a pixel: 255 for uint8, 1 for float32."""
    return float(WHITE) if dtype == np.uint8 else 1.0


def luminance(channels: int) -> tuple[float, ...]:
    """The share of each channel in the grey of a pixel; equal unless there are 3."""
    return LUMINANCE if channels == len(LUMINANCE) else (1 / channels,) * channels


def mean_grey(images: Images) -> Float64[NumpyArray, " batch"]:
    """The mean luminance of each image.

    Channels are summed in float64, pixel after pixel, so that compiled code finds the
    same bits.
    """
    count, channels, height, width = images.shape
    flat = images.reshape(count, channels, height * width)
    grey = np.zeros(count)
    for channel, share in enumerate(luminance(channels)):
        sums = np.add.accumulate(flat[:, channel], axis=1, dtype=np.float64)[:, -1]
        grey += share * sums
    mean: NumpyArray = grey / (height * width)
    return mean
