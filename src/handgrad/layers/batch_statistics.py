"""What the two batch norms share: their settings, cache and running statistics."""

from math import isfinite, prod
from typing import NamedTuple

from handgrad.arrays import Array, Shape, array_namespace
from handgrad.errors import ConfigError
from handgrad.parameter import Buffer
from handgrad.ranges import check_positive


class BatchNormCache(NamedTuple):
    """What `backward` needs; `from_batch`: the statistics were this batch's own."""

    normalized: Array
    inverse_std: Array
    from_batch: bool


def check_settings(
    owner: str, size_name: str, size: object, eps: float, momentum: float
) -> None:
    """ConfigError unless the settings of a batch norm can be."""
    if type(size) is not int or size < 1:
        raise ConfigError(
            f"{owner} takes {size_name} as a whole number of at least 1, got {size!r}. "
            f"Give the number of {size_name} of the layer before it."
        )
    check_positive(owner, "eps", eps)
    if not (isfinite(momentum) and 0 <= momentum <= 1):
        raise ConfigError(
            f"{owner} takes momentum from 0 to 1, got {momentum}. It is the weight of "
            "the new batch; the usual value is 0.1."
        )


def mean_over(values: Array, axes: Shape) -> Array:
    """The mean, summed in float64: a large mean must not eat a small variance."""
    xp = array_namespace(values)
    count = prod(values.shape[axis] for axis in axes)
    total = xp.sum(values, axis=axes, dtype=xp.float64)
    return xp.astype(total / count, values.dtype)


def unbiased(var: Array, count: int) -> Array:
    """var * count / (count - 1); a single value has none, and keeps the biased one."""
    return var * (count / (count - 1)) if count > 1 else var


def move_towards(running: Buffer, found: Array, momentum: float) -> None:
    """Give a running statistic a new value; its dtype stays.

    Equations
        running = (1 - momentum) * running + momentum * found
    """
    xp = array_namespace(running.value)
    moved = (1 - momentum) * running.value + momentum * found
    running.value = xp.astype(moved, running.value.dtype)
