"""Normal noise from few random bits: a table of quantiles."""

from functools import cache
from math import prod

import numpy as np
from jaxtyping import Float32

from handgrad.arrays import NumpyArray
from handgrad.augmentation.pixel_values import as_pixels
from handgrad.augmentation.source_coordinates import Images
from handgrad.quantile import normal_quantile
from handgrad.randomness import Key, random_bits

LEVELS = 1 << 12  # of the table: 16 kilobytes, which stay in a core's first cache


@cache
def normal_levels() -> Float32[NumpyArray, " levels"]:
    """Equally likely normal numbers of mean 0 and deviation 1, in ascending order.

    Equations
        quantile[i] = normal quantile of (i + 0.5) / 4096, from -3.67 to 3.67
        levels = quantile / root mean square of all quantiles
    """
    quantiles = normal_quantile((np.arange(LEVELS) + 0.5) / LEVELS)
    squares = np.add.accumulate(quantiles * quantiles)[-1]  # in order: the same bits
    levels: NumpyArray = (quantiles / np.sqrt(squares / LEVELS)).astype(np.float32)
    levels.flags.writeable = False
    return levels


def add_noise(
    images: Images, key: Key, deviation: Float32[NumpyArray, " batch"]
) -> Images:
    """Add independent normal noise to each value of each image.

    Shapes
        images     (batch, channels, height, width), uint8 or float32
        deviation  (batch,): standard deviation, in the units of the pixels
        outputs    like images

    Equations
        outputs[n] = image[n] + deviation * levels[draw(n) // 16]      float32
        draw(n) = 16 bits of `key`: of random word n // 2 the lower half where n is
                  even, the upper half where it is odd
        bytes are clipped to 0 .. 255 and rounded to the nearest
    """
    count, *shape = images.shape
    size = prod(shape)
    words = random_bits(key, (count, -(-size // 2)))
    halves = np.stack([words & np.uint32(0xFFFF), words >> np.uint32(16)], axis=-1)
    draws = halves.reshape(count, -1)[:, :size] >> np.uint32(4)
    noise = normal_levels()[draws].reshape(images.shape)
    changed = images + deviation[:, None, None, None] * noise
    return as_pixels(changed, images.dtype)
