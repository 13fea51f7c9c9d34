"""Which settings can be told apart by the seeds that were run.

The means of two settings differ; would they with other seeds? Both settings' values are
drawn again with replacement many times, and the middle 90 % of the differences
make an interval. With few values such an interval is too narrow, so its ends are
moved outwards as the t distribution says.

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

LEVEL = 0.9  # with three seeds a side, no interval of seeds alone can promise more
FEWEST = 3  # seeds a side; two of each fall apart by chance one time in three
RESAMPLES = 10_000
MANY = 1000  # seeds that nobody will run


@dataclass(frozen=True)
class Comparison:
    """The difference between the means of two settings, with a confidence interval.

    Units
        difference  mean of the first minus mean of the second
        low, high   ends of the 90 % interval; None with fewer than three seeds each
        seeds       number of seeds, of the setting with fewer
        enough      seeds each that may make it significant, roughly; or None

    Source
        Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """

    difference: float
    low: float | None
    high: float | None
    seeds: int
    enough: int | None = None  # seeds that may tell them apart, roughly

    @property
    def is_told(self) -> bool:
        """Whether the interval excludes 0."""
        if self.low is None or self.high is None:
            return False
        return self.low > 0 or self.high < 0


def compare(first: Sequence[float], second: Sequence[float]) -> Comparison:
    """Compare two settings by a bootstrap of the difference of their means.

    ConfigError for a setting without values.

    Shapes
        first, second  (seeds,) each, one value of the metric for each seed

    Example
        compare([0.95, 0.96, 0.95], [0.91, 0.92, 0.90]).is_told

    Source
        Efron, Tibshirani (1993), An Introduction to the Bootstrap, chapter 13; widened
        for small samples as in Hesterberg (2015), section 5.2.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not (a.size and b.size):
        raise ConfigError(
            f"compare takes at least one value of each setting, got {len(a)} and "
            f"{len(b)}. Give one for each seed."
        )
    difference, seeds = float(a.mean() - b.mean()), min(len(a), len(b))
    if seeds < FEWEST:
        return Comparison(difference, None, None, seeds)
    key = Key(0).child("bootstrap")
    differences = means(a, key.child("first")) - means(b, key.child("second"))
    tail = tail_of(seeds)
    low, high = (float(v) for v in np.quantile(differences, (tail, 1 - tail)))
    return Comparison(difference, low, high, seeds, _enough(a, b))


def means(values: NumpyArray, key: Key) -> NumpyArray:
    """The means of many draws with replacement.

    Shapes
        values   (seeds,)
        outputs  (10000,)
    """
    draws = uniform(key, (RESAMPLES, len(values)))
    return np.asarray(values[(draws * len(values)).astype(int)].mean(axis=1))


def tail_of(count: int) -> float:
    """The share of the differences beyond each end of the interval."""
    from scipy.stats import norm, t

    wide = t.ppf(0.5 + LEVEL / 2, count - 1) * sqrt(count / (count - 1))
    return float(norm.cdf(-wide))


def _enough(a: NumpyArray, b: NumpyArray) -> int | None:
    """Seeds a side at which this difference would leave the interval of the normal."""
    from scipy.stats import norm

    difference = float(a.mean() - b.mean())
    if difference == 0:
        return None
    spread = float(a.var(ddof=1) + b.var(ddof=1))
    wanted = ceil((norm.ppf(0.5 + LEVEL / 2) / difference) ** 2 * spread)
    return max(wanted, min(len(a), len(b)) + 1) if wanted <= MANY else None


def in_words(a: str, b: str, found: Comparison) -> str:
    """One sentence: A is better than B, or not enough seeds to tell them apart.

    `a` has the better mean.
    """
    same = size(found) == "0.0000"
    differ = "the means are the same" if same else f"the means differ by {size(found)}"
    if found.low is None or found.high is None:
        return (
            f"Not enough seeds to tell {a} from {b}: {differ}, but "
            f"{FEWEST} seeds each are the fewest that say anything, got {found.seeds}."
        )
    ends = sorted((abs(found.low), abs(found.high)))
    if found.is_told:
        return (
            f"{a} is better than {b} by {size(found)} ({LEVEL:.0%} interval "
            f"{ends[0]:.4f} to {ends[1]:.4f}, {found.seeds} seeds each)."
        )
    more = f"some {found.enough} seeds may do" if found.enough else "more may not help"
    return (
        f"Not enough seeds to tell {a} from {b}: {differ}, "
        f"{LEVEL:.0%} interval {found.low:+.4f} to {found.high:+.4f} with "
        f"{found.seeds} seeds each; {more}."
    )


def size(found: Comparison) -> str:
    """The difference without its sign."""
    return f"{abs(found.difference):.4f}"
