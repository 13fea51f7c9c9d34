"""Shares of a symmetric beta distribution, with the same bits on any machine."""

from functools import cache

import numpy as np
from jaxtyping import Float32, Float64

from handgrad.arrays import NumpyArray
from handgrad.quantile import logarithm

LEVELS = 256  # shares are multiples of 1 / 256
TERMS = 64  # of the series of the distribution: at 1/2 the next one is below 2**-64
HALVINGS = 7  # of an exponent, before its series


def beta_shares(
    fraction: Float64[NumpyArray, " batch"], alpha: float
) -> Float32[NumpyArray, " batch"]:
    """From uniform fractions, numbers distributed as Beta(alpha, alpha), in 256 steps.

    Equations
        share = k / 256, where k is the number of thresholds below the fraction
    """
    steps = np.searchsorted(thresholds(alpha), fraction)
    shares: NumpyArray = (steps / LEVELS).astype(np.float32)
    return shares


@cache
def thresholds(alpha: float) -> Float64[NumpyArray, "256"]:
    """The distribution function half-way between neighbouring shares.

    Equations
        thresholds[k] = P(x < (k + 1/2) / 256), x distributed as Beta(alpha, alpha)
                      = S((k + 1/2) / 256) / (2 * S(1/2))        below 1/2
                      = 1 - thresholds[255 - k]                  above
        S(x) = x**alpha * sum over n of x**n * c[n] / (alpha + n)
        c[0] = 1, c[n] = c[n - 1] * (n - alpha) / n

    Source
        Abramowitz, Stegun (1964), Handbook of mathematical functions, 26.5.4.
    """
    places = (np.arange(LEVELS // 2) + 0.5) / LEVELS
    doubled = 2 * places
    power = exponential(alpha * logarithm(doubled))  # (x / (1/2))**alpha
    lower = power * _series(places, alpha) / (2 * _series(np.array([0.5]), alpha))
    found: NumpyArray = np.concatenate([lower, 1 - lower[::-1]])
    found.flags.writeable = False
    return found


def exponential(value: Float64[NumpyArray, "count"]) -> Float64[NumpyArray, "count"]:
    """exp of numbers from -100 to 0, to about 1e-13, from exactly rounded operations.

    Equations
        exp(value) = exp(value / 128)**128
    """
    small = value / 2**HALVINGS
    total = np.ones_like(small)
    for power in range(24, 0, -1):
        total = 1 + total * small / power
    for _ in range(HALVINGS):
        total = total * total
    found: NumpyArray = total
    return found


def _series(
    places: Float64[NumpyArray, "count"], alpha: float
) -> Float64[NumpyArray, "count"]:
    term, total = np.ones_like(places), np.full_like(places, 1 / alpha)
    for n in range(1, TERMS):
        term = term * ((n - alpha) / n) * places
        total = total + term / (alpha + n)
    return total
