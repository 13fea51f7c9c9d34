"""Significance of the difference of two settings: a bootstrap over seeds.

The values of both settings are resampled with replacement many times; the central 90 %
of the differences of their means are a confidence interval. With few values such an
interval is too narrow, so its ends are moved outwards by the t distribution.

Equations
    difference = mean(a*) - mean(b*)     a*, b* drawn from a, b with replacement
    tail       = Phi(-sqrt(n / (n - 1)) * t(0.95; n - 1)),  n the smaller count
    interval   = the quantiles `tail` and 1 - `tail` of the differences

Source
    Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    Hesterberg (2015), What Teachers Should Know About the Bootstrap, section 5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.randomness import Key, uniform
from handgrad.ranges import LARGEST, is_number, shown

LEVEL = 0.9  # three seeds each do not support a higher confidence level
FEWEST = 3  # seeds each; two each are separated by chance one time in three
RESAMPLES = 10_000
MANY = 1000  # more seeds than is practical


@dataclass(frozen=True)
class Comparison:
    """The difference between the means of two settings, with a confidence interval.

    Units
        difference  mean of the first minus mean of the second
        low, high   ends of the 90 % interval; None with fewer than three seeds each
        seeds       number of seeds of the setting with fewer
        enough      seeds each that may make it significant, roughly; or None

    Source
        Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """

    difference: float
    low: float | None
    high: float | None
    seeds: int
    enough: int | None = None  # seeds each that may make it significant, roughly

    @property
    def is_told(self) -> bool:
        """Whether the interval excludes 0."""
        if self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compare two settings by a bootstrap of the difference of their means.

    ConfigError for a setting without values, or one that is not a finite number.

    Shapes
        first, second  (seeds,) each, one value of the metric for each seed

    Example
        compare([0.95, 0.96, 0.95], [0.91, 0.92, 0.90]).is_told

    Source
        Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; widened
        for small samples as in Hesterberg (2015), section 5.2.
    """
    a, b = _numbers("first", first), _numbers("second", second)
    if not (a.size and b.size):
        raise ConfigError(
            f"compare takes at least one value of each setting, got {len(a)} and "
            f"{len(b)}. Give one per seed."
        )
    difference, seeds = float(a.mean() - b.mean()), min(len(a), len(b))
    if seeds < FEWEST:
        return Comparison(difference, None, None, seeds)
    key = Key(0).child("bootstrap")
    differences = means(a, key.child("first")) - means(b, key.child("second"))
    tail = tail_of(seeds)
    low, high = (float(v) for v in np.quantile(differences, (tail, 1 - tail)))
    return Comparison(difference, low, high, seeds, _enough(a, b))


def _numbers(name: str, values: Sequence[float]) -> NumpyArray:
    """The values of a setting, (seeds,); ConfigError unless all are finite numbers."""
    if np.ndim(np.asarray(values, dtype=object)) != 1:
        raise ConfigError(
            f"compare takes {name} as a list of one number for each seed, got "
            f"{shown(values)}. Give the values of one setting."
        )
    for place, value in enumerate(values):
        if not (is_number(value) and abs(value) <= LARGEST):
            raise ConfigError(
                f"compare takes {name} as finite numbers, got {shown(value)} at "
                f"position {place}. Leave this value out."
            )
    return np.asarray(values, dtype=float)


def means(values: NumpyArray, key: Key) -> NumpyArray:
    """The means of bootstrap resamples.

    Shapes
        values   (seeds,)
        outputs  (10000,)
    """
    draws = uniform(key, (RESAMPLES, len(values)))
    return np.asarray(values[(draws * len(values)).astype(int)].mean(axis=1))


def tail_of(count: int) -> float:
    """The fraction of the differences beyond each end of the interval."""
    from scipy.stats import norm, t

    wide = t.ppf(0.5 + LEVEL / 2, count - 1) * sqrt(count / (count - 1))
    return float(norm.cdf(-wide))


def _enough(a: NumpyArray, b: NumpyArray) -> int | None:
    """Seeds each at which this difference is significant by a normal interval."""
    from scipy.stats import norm

    difference = float(a.mean() - b.mean())
    if difference == 0:
        return None
    spread = float(a.var(ddof=1) + b.var(ddof=1))
    wanted = ceil((norm.ppf(0.5 + LEVEL / 2) / difference) ** 2 * spread)
    return max(wanted, min(len(a), len(b)) + 1) if wanted <= MANY else None


def in_words(a: str, b: str, found: Comparison) -> str:
    """One sentence: A is better than B, or the difference is not significant.

    `a` has the better mean.
    """
    same = size(found) == "0.0000"
    differ = "the means are the same" if same else f"the means differ by {size(found)}"
    if found.low is None or found.high is None:
        return (
            f"Not enough seeds to distinguish {a} from {b}: {differ}, but a test needs "
            f"at least {FEWEST} seeds each, got {found.seeds}."
        )
    ends = sorted((abs(found.low), abs(found.high)))
    if found.is_told:
        return (
            f"{a} is better than {b} by {size(found)} ({LEVEL:.0%} interval "
            f"{ends[0]:.4f} to {ends[1]:.4f}, {found.seeds} seeds each)."
        )
    needed = f"about {found.enough} seeds may be enough"
    more = needed if found.enough else "more may not help"
    return (
        f"Not enough seeds to distinguish {a} from {b}: {differ}, "
        f"{LEVEL:.0%} interval {found.low:+.4f} to {found.high:+.4f} with "
        f"{found.seeds} seeds each; {more}."
    )


def size(found: Comparison) -> str:
    """The absolute difference, as text."""
    return f"{abs(found.difference):.4f}"
