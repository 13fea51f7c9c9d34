"""Overflow and underflow of softmax in float32, and how subtracting the maximum helps.

    naive      exp(logits) / sum of exp(logits)
    shifted    exp(logits - max) / sum of exp(logits - max)
    log-sum-exp  log_probabilities = logits - max - log(sum of exp(logits - max))

The shifted denominator cannot vanish: the largest logit is shifted to exactly 0, its
exponential is exactly 1, and the others are not negative. So it lies between 1 and
the number of classes. A single probability can still underflow to 0, and its logarithm
becomes -infinity; log-sum-exp never forms that probability.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.inspection.result import Result
from handgrad.inspection.table import Table
from handgrad.layers import Softmax
from handgrad.losses.softmax_cross_entropy import log_softmax
from handgrad.randomness import Key, normal
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES = (1.0, 10.0, 50.0, 80.0, 90.0, 100.0, 110.0, 1e3, 1e4, 1e5)
WRONG = 0.01  # a relative error that counts as a failure
STEPS = (0.0, -1.0, -2.0)  # between the logits of a row at one level
SCALES = (1e-3, 1.0, 1e3, 1e5, 1e30)  # of the random logits


@dataclass(frozen=True)
class SoftmaxRow:
    """One row of float32 logits: all three methods, and float64 for comparison.

    Units
        logits             the row of logits
        naive_denominator  sum of exp(logits): infinity or 0 where it fails
        shifted_denominator
                           sum of exp(logits - max(logits))
        naive, shifted     probability of the last, smallest logit; NaN is a failure
        log_naive, log_shifted, log_sum_exp, exact
                           logarithm of that probability; exact is in float64
    """

    logits: tuple[float, ...]
    naive_denominator: float
    shifted_denominator: float
    naive: float
    shifted: float
    log_naive: float
    log_shifted: float
    log_sum_exp: float
    exact: float

    @property
    def verdict(self) -> str:
        """A description of the failure in this row, if any."""
        if not np.isfinite(self.naive_denominator):
            return "naive overflows"
        if self.naive_denominator == 0:
            return "naive divides 0 by 0"
        if self.shifted == 0:
            return "the probability underflows to 0"
        if abs(self.shifted - np.exp(self.exact)) > WRONG * np.exp(self.exact):
            return "the probability loses precision near 0"
        if self.naive_error > WRONG:
            return f"naive is off by {self.naive_error:.0%}"
        return "all agree"

    @property
    def naive_error(self) -> float:
        """The relative error of naive softmax."""
        exact = float(np.exp(self.exact))
        if exact == 0:
            return 0.0 if self.naive == 0 else np.inf
        return abs(self.naive - exact) / exact

    @property
    def log_error(self) -> float:
        """The relative error of the logarithm computed by log-sum-exp."""
        return abs(self.log_sum_exp - self.exact) / abs(self.exact)


@dataclass(frozen=True, repr=False, eq=False)
class SoftmaxNumerics(Result):
    """All rows, and the shifted denominators of many random rows.

    Units
        level  rows of neighbouring logits, all large or all very negative
        gap    rows of two logits with a large gap
        smallest_denominator, largest_denominator
               over random_rows rows of `classes` logits: at least 1, at most classes
    """

    level: tuple[SoftmaxRow, ...]
    gap: tuple[SoftmaxRow, ...]
    classes: int
    random_rows: int
    smallest_denominator: float
    largest_denominator: float

    @property
    def finding(self) -> str:
        """A summary of the failures of naive and shifted softmax."""
        failed = sum(not row.naive_error <= WRONG for row in self.level)
        worst = max(row.log_error for row in (*self.level, *self.gap))
        broken = sum(not row.shifted > 0 for row in self.level)
        lost = [-row.exact for row in self.gap if row.shifted == 0]
        underflow = (
            f"Single probabilities still underflow: from a gap of {min(lost):g} on, "
            "the smaller one is 0 and its logarithm -infinity, while log-sum-exp stays "
            f"within {worst:.0e} of the exact value."
            if lost
            else "No single probability underflowed."
        )
        verdict = (
            "at least 1, so it cannot vanish"
            if self.smallest_denominator >= 1
            else "BELOW 1, which exact arithmetic rules out"
        )
        return (
            f"Naive softmax failed on {failed} of {len(self.level)} rows of "
            f"neighbouring logits, shifted on {broken}. Over {self.random_rows:,} "
            f"random rows of {self.classes} classes the shifted denominator lay "
            f"between {self.smallest_denominator:g} and {self.largest_denominator:g}: "
            f"{verdict}. {underflow}"
        )

    def table(self) -> Table:
        """One row per row of logits, and the finding."""
        heads = ("naive sum", "shifted sum", "naive", "shifted", "log-sum-exp", "exact")
        note = (
            "naive, shifted: the probability of the last logit; log-sum-exp, exact: "
            "its logarithm in float32 and in float64."
        )
        return Table(
            ("logits", *heads, ""),
            tuple(_cells(row) for row in (*self.level, *self.gap)),
            right=("logits", *heads),
            below=(note, self.finding),
        )

    def figure(self) -> "Figure":
        """Denominators by level of the logits; log-probabilities by gap."""
        from handgrad.inspection.figures.softmax_numerics import softmax_numerics

        return softmax_numerics(self)

    def as_dict(self) -> dict[str, Any]:
        """All fields, and the finding."""
        return {**asdict(self), "finding": self.finding}


@takes_kinds
def softmax_numerics(
    sizes: Sequence[float] = SIZES,
    *,
    classes: int = 10,
    random_rows: int = 2000,
    seed: int = 0,
) -> SoftmaxNumerics:
    """Where float32 softmax overflows and underflows, with and without the shift.

    Naive softmax and softmax shifted by the maximum are compared at each size and gap.
    ConfigError for an argument of another kind, or a count below 1.

    Units
        sizes        largest of three neighbouring logits, and gap between two logits
        classes      logits per random row
        random_rows  rows of random logits for each of five scales
        seed         seed of the random rows

    Source
        Blanchard, Higham, Higham (2021), Accurately computing the log-sum-exp and
        softmax functions, IMA Journal of Numerical Analysis 41(4).
    """
    check_count("softmax_numerics", "classes", classes)
    check_count("softmax_numerics", "random_rows", random_rows)
    levels = [-size for size in reversed(sizes)] + list(sizes)
    denominators = random_denominators(random_rows, classes, Key(seed))
    return SoftmaxNumerics(
        level=tuple(
            measure(np.array([level + step for step in STEPS])) for level in levels
        ),
        gap=tuple(measure(np.array([0.0, -size])) for size in sizes),
        classes=classes,
        random_rows=denominators.size,
        smallest_denominator=float(denominators.min()),
        largest_denominator=float(denominators.max()),
    )


def _cells(row: SoftmaxRow) -> tuple[str, ...]:
    values = (row.naive_denominator, row.shifted_denominator, row.naive, row.shifted)
    return (
        ", ".join(f"{logit:g}" for logit in row.logits),
        *(f"{value:.4g}" for value in values),
        f"{row.log_sum_exp:.7g}",
        f"{row.exact:.7g}",
        row.verdict,
    )


def measure(logits: NumpyArray) -> SoftmaxRow:
    """One row in float32, and its log-probability in float64 from the same logits."""
    row = logits.astype(np.float32)[None, :]
    with np.errstate(all="ignore"):
        powers = np.exp(row)
        naive = powers / powers.sum()
        shifted, _ = Softmax().forward(row)
        logs = log_softmax(row)
        exact = log_softmax(row.astype(np.float64))
        return SoftmaxRow(
            logits=tuple(row[0].tolist()),
            naive_denominator=float(powers.sum()),
            shifted_denominator=float(shifted_denominators(row)[0]),
            naive=float(naive[0, -1]),
            shifted=float(shifted[0, -1]),
            log_naive=float(np.log(naive[0, -1])),
            log_shifted=float(np.log(shifted[0, -1])),
            log_sum_exp=float(logs[0, -1]),
            exact=float(exact[0, -1]),
        )


def shifted_denominators(logits: NumpyArray) -> NumpyArray:
    """The denominators of shifted softmax, one for each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    denominators: NumpyArray = np.exp(shifted).sum(axis=1)
    return denominators


def random_denominators(rows: int, classes: int, key: Key) -> NumpyArray:
    """Shifted denominators of random float32 logits at scales from 1e-3 to 1e30."""
    logits = normal(key.child("logits"), (rows, classes))
    scaled = [(scale * logits).astype(np.float32) for scale in SCALES]
    with np.errstate(under="ignore"):
        return np.concatenate([shifted_denominators(part) for part in scaled])
