"""What the two batch norms share: their settings, cache and running statistics."""

from math import prod
from typing import NamedTuple

from handgrad.arrays import Array, Shape, array_namespace
from handgrad.errors import ConfigError
from handgrad.parameter import Buffer
from handgrad.ranges import is_number, shown
from handgrad.setting import Setting


class BatchNormCache(NamedTuple):
    """What `backward` needs; `from_batch`: the statistics were this batch's own."""

    normalized: Array
    inverse_std: Array
    from_batch: bool


def momentum_setting() -> Setting[float]:
    """How much the new batch counts in the running statistics, from 0 to 1."""
    return Setting(_check_momentum)


def _check_momentum(owner: str, name: str, value: object) -> float:
    if not (is_number(value) and 0 <= value <= 1):
        raise ConfigError(
            f"{owner} takes {name} from 0 to 1, got {shown(value)}. It is the weight "
            "of the new batch; the usual value is 0.1."
        )
    return float(value)


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
