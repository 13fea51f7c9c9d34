"""Mean and zeros of dropout outputs, in training and in prediction.

Publications specify dropout by the fraction kept or by the fraction dropped. Here every
number is the fraction KEPT; `Dropout` takes the fraction dropped, 1 - kept.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad.arguments import takes_kinds
from handgrad.errors import ConfigError
from handgrad.inspection.result import Rows
from handgrad.inspection.table import Table
from handgrad.layers import Dropout
from handgrad.randomness import Key, normal
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEPT = (0.25, 0.4, 0.7)


@dataclass(frozen=True)
class DropoutRow:
    """Dropout at one setting, on normal inputs.

    Units
        kept            fraction of inputs kept: the setting
        rate            fraction dropped, as the layer takes it
        input_mean, train_mean, test_mean  means of the inputs and of the outputs
        train_zero, test_zero  measured fractions of outputs that are exactly 0
        standard_error  of train_mean, as an estimate of input_mean
    """

    kept: float
    rate: float
    input_mean: float
    train_mean: float
    train_zero: float
    test_mean: float
    test_zero: float
    standard_error: float


@dataclass(frozen=True, repr=False, eq=False)
class DropoutStatistics(Rows[DropoutRow]):
    """Statistics of dropout: `rows` holds one row per fraction kept."""

    rows: tuple[DropoutRow, ...]

    def table(self) -> Table:
        """Fraction of zeros and means, in training and in prediction."""
        means = ("mean in training", "mean in prediction", "mean of inputs")
        heads = ("kept", "zeros in training", *means)
        rows = (
            (
                f"{row.kept:g}",
                f"{row.train_zero:.4f}",
                f"{row.train_mean:.4f} +- {row.standard_error:.4f}",
                f"{row.test_mean:.4f}",
                f"{row.input_mean:.4f}",
            )
            for row in self.rows
        )
        note = "kept: fraction of inputs kept; +-: one standard error."
        return Table(heads, tuple(rows), right=heads, below=(note,))

    def figure(self) -> "Figure":
        """Bar charts of the fraction of zeros and of the means."""
        from handgrad.inspection.figures.dropout_statistics import dropout_statistics

        return dropout_statistics(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`rows`: the fields of each row."""
        return {"rows": [asdict(row) for row in self.rows]}


@takes_kinds
def dropout_statistics(
    kept: Sequence[float] = KEPT,
    *,
    mean: float = 10.0,
    count: int = 500,
    seed: int = 0,
) -> DropoutStatistics:
    """Mean and fraction of zeros after dropout on `count` by `count` normal inputs.

    Measured in training and in prediction. ConfigError for a fraction kept that is not
    above 0 and at most 1.

    Equations
        standard error = sqrt(rate / kept * mean of inputs ** 2) / count

    Units
        kept   fractions of inputs kept, above 0 and at most 1
        mean   mean of the inputs; their standard deviation is 1
        count  number of rows and of columns of the inputs
        seed   seed of the inputs and masks

    Source
        Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: a
        simple way to prevent neural networks from overfitting, section 10.
    """
    check_count("dropout_statistics", "count", count)
    wrong = [share for share in kept if not 0 < share <= 1]
    if wrong:
        raise ConfigError(
            "dropout_statistics takes fractions kept, above 0 and at most 1, got "
            f"{wrong[0]:g}. For a dropout rate, give 1 - rate."
        )
    key = Key(seed)
    inputs = mean + normal(key.child("inputs"), (count, count))
    rows = []
    for share in kept:
        layer = Dropout(1 - share)
        train, _ = layer.forward(inputs, training=True, key=key.child("dropout"))
        test, _ = layer.forward(inputs)
        spread = np.sqrt(layer.rate / share * np.mean(inputs**2))
        row = DropoutRow(
            kept=share,
            rate=layer.rate,
            input_mean=float(inputs.mean()),
            train_mean=float(train.mean()),
            train_zero=float(np.mean(train == 0)),
            test_mean=float(test.mean()),
            test_zero=float(np.mean(test == 0)),
            standard_error=float(spread / count),
        )
        rows.append(row)
    return DropoutStatistics(tuple(rows))
