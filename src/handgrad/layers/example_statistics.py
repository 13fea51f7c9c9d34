"""Normalization of rows by their own mean and variance: layer and group norm.

Private to this package.
"""

from typing import NamedTuple

from handgrad.arrays import Array, array_namespace
from handgrad.layers.batch_statistics import mean_over


class NormalizedCache(NamedTuple):
    """Cache of layer norm and group norm: rows, and one number for each row."""

    normalized: Array
    inverse_std: Array


def normalize_rows(rows: Array, eps: float) -> NormalizedCache:
    """Subtract the mean of each row, and divide by its standard deviation.

    Shapes
        rows         (rows, numbers)
        inverse_std  (rows, 1)

    Equations
        mean        = mean of the row
        var         = mean of (row - mean)**2
        inverse_std = 1 / sqrt(var + eps)
        normalized  = (row - mean) * inverse_std
    """
    xp = array_namespace(rows)
    centred = rows - mean_over(rows, (1,))[:, None]
    inverse_std = 1 / xp.sqrt(mean_over(centred**2, (1,))[:, None] + eps)
    return NormalizedCache(centred * inverse_std, inverse_std)


def normalize_rows_backward(d_normalized: Array, cache: NormalizedCache) -> Array:
    """Return the gradient of the rows; mean and variance depend on them.

    Equations
        d_rows = inverse_std * (d_normalized - mean of d_normalized
                 - normalized * mean of (d_normalized * normalized))
    """
    normalized, inverse_std = cache
    through_mean = mean_over(d_normalized, (1,))[:, None]
    through_var = mean_over(d_normalized * normalized, (1,))[:, None]
    return inverse_std * (d_normalized - through_mean - normalized * through_var)
