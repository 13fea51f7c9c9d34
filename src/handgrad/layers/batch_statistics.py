"""Settings, cache and running statistics shared by BatchNorm1d and BatchNorm2d."""

from math import prod
from typing import NamedTuple

from handgrad.arrays import Array, Shape, array_namespace
from handgrad.errors import ConfigError
from handgrad.parameter import Buffer
from handgrad.ranges import is_number, shown
from handgrad.setting import Setting


class BatchNormCache(NamedTuple):
    """Cache of batch norm; `from_batch` is true if batch statistics were used."""

    normalized: Array
    inverse_std: Array
    from_batch: bool


def momentum_setting() -> Setting[float]:
    """Weight of the new batch in the running statistics, from 0 to 1."""
    return Setting(_check_momentum)


def _check_momentum(owner: str, name: str, value: object) -> float:
    if not (is_number(value) and 0 <= value <= 1):
        raise ConfigError(
            f"{owner} takes {name} from 0 to 1, got {shown(value)}. It is the weight "
            "of the new batch; the usual value is 0.1."
        )
    return float(value)


def mean_over(values: Array, axes: Shape) -> Array:
    """Mean over `axes`, summed in float64.

    In float32, rounding of a large mean would swamp a small variance.
    """
    xp = array_namespace(values)
    count = prod(values.shape[axis] for axis in axes)
    total = xp.sum(values, axis=axes, dtype=xp.float64)
    return xp.astype(total / count, values.dtype)


def unbiased(var: Array, count: int) -> Array:
    """Return var * count / (count - 1), or `var` for a single value."""
    return var * (count / (count - 1)) if count > 1 else var


def update_running(running: Buffer, batch: Array, momentum: float) -> None:
    """Update a running statistic, keeping its dtype.

    Equations
        running = (1 - momentum) * running + momentum * batch
    """
    xp = array_namespace(running.value)
    updated = (1 - momentum) * running.value + momentum * batch
    running.value = xp.astype(updated, running.value.dtype)
