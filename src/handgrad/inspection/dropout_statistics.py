"""What dropout does to the mean and to how many values are left.

Reports name dropout by the fraction kept or by the fraction dropped. Here every
number is the fraction KEPT; `Dropout` takes the fraction dropped, 1 - kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad.errors import ConfigError
from handgrad.layers import Dropout
from handgrad.randomness import Key, normal
from handgrad.ranges import check_at_least

KEPT = (0.25, 0.4, 0.7)


@dataclass(frozen=True)
class DropoutRow:
    """Dropout at one setting, on normal inputs.

    Units
        kept            the fraction that is kept: the setting
        rate            the fraction that is dropped, as the layer takes it
        train_zero, test_zero  measured fractions of outputs that are exactly 0
        standard_error  how far train_mean strays from input_mean by chance
    """

    kept: float
    rate: float
    input_mean: float
    train_mean: float
    train_zero: float
    test_mean: float
    test_zero: float
    standard_error: float


def dropout_statistics(
    kept: Sequence[float] = KEPT,
    *,
    mean: float = 10.0,
    count: int = 500,
    seed: int = 0,
) -> tuple[DropoutRow, ...]:
    """Means and zeros of `count` by `count` normal inputs, training and predicting.

    Equations
        standard error = sqrt(rate / kept * mean of inputs ** 2) / count
    """
    check_at_least("dropout_statistics", "count", count, 1)
    wrong = [share for share in kept if not 0 < share <= 1]
    if wrong:
        raise ConfigError(
            "dropout_statistics takes fractions kept, above 0 and up to 1, got "
            f"{wrong[0]:g}. For a fraction dropped, give 1 minus it."
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
    return tuple(rows)
