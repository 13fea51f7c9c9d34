"""Numbers that augmentations draw, from exactly rounded operations alone.

So they have the same bits on every machine; a library's cosine or logarithm may differ
in the last one.
"""

from math import pi

import numpy as np
from jaxtyping import Float64

from handgrad.arrays import NumpyArray
from handgrad.randomness import Key, uniform

TERMS = 30  # of a series: up to pi the next one is below 1e-16


def fractions(key: Key, batch: int, count: int) -> Float64[NumpyArray, "count batch"]:
    """For each image `count` uniform numbers between 0 and 1, in one draw."""
    numbers: NumpyArray = uniform(key, (batch, count)).T
    return numbers


def about(
    fraction: Float64[NumpyArray, " batch"], middle: float, most: float
) -> Float64[NumpyArray, " batch"]:
    """From uniform fractions, uniform numbers in `middle` - `most` .. + `most`."""
    numbers: NumpyArray = middle + most * (2 * fraction - 1)
    return numbers


def ratio(
    fraction: Float64[NumpyArray, " batch"], most: float
) -> Float64[NumpyArray, " batch"]:
    """From uniform fractions, factors in 1 / `most` .. `most`; r is as likely as 1 / r.

    Equations
        u = 2 * fraction - 1
        ratio = (1 + k * u) / (1 - k * u)      k = (most - 1) / (most + 1)
        which is nearly exp(2 * k * u), a log-uniform number
    """
    part = about(fraction, 0.0, (most - 1) / (most + 1))
    factors: NumpyArray = (1 + part) / (1 - part)
    return factors


def cosine_and_sine(
    turns: Float64[NumpyArray, " batch"],
) -> tuple[Float64[NumpyArray, " batch"], Float64[NumpyArray, " batch"]]:
    """Cosine and sine of angles from -0.5 to 0.5 turns, to about 1e-15."""
    angle = 2 * pi * turns
    term = np.ones_like(angle)
    cosine, sine = np.ones_like(angle), np.zeros_like(angle)
    for power in range(1, TERMS):
        term = term * angle / power
        sign = -1.0 if power % 4 in (2, 3) else 1.0
        if power % 2:
            sine = sine + sign * term
        else:
            cosine = cosine + sign * term
    return cosine, sine
