"""What the two batch norm layers share: statistics of each channel over a batch.

The channel is axis 1; a feature of a row is a channel without pixels. A vector has one
number for each channel. Sums are taken in float64, so a large mean does not eat a small
variance.
"""

from math import prod
from typing import NamedTuple

from jaxtyping import Float

from handgrad.arrays import Array, array_namespace
from handgrad.errors import ConfigError
from handgrad.parameter import Buffer
from handgrad.ranges import check_positive


class BatchNormCache(NamedTuple):
    """What the backward pass of batch norm needs."""

    normalized: Array  # the inputs with mean 0 and variance 1, shaped as they were
    inverse_std: Array  # 1 / sqrt(var + eps), one for each channel
    from_batch: bool  # whether mean and variance were those of the batch


def check_settings(
    owner: str, size: str, count: int, eps: float, momentum: float
) -> None:
    """ConfigError unless count, eps and momentum can be."""
    if type(count) is not int or count < 1:
        raise ConfigError(
            f"{owner} takes {size} as a whole number of at least 1, got {count!r}. "
            f"Give the {size} of the layer before it."
        )
    check_positive(owner, "eps", eps)
    if not 0 <= momentum <= 1:
        raise ConfigError(
            f"{owner} takes momentum from 0 to 1, got {momentum}. It is the weight of "
            "the new batch: 0.1 is ten per cent."
        )


def count_of(inputs: Array) -> int:
    """How many values a channel has in the batch."""
    return prod(inputs.shape) // max(inputs.shape[1], 1)


def total(values: Float[Array, "batch channels *pixels"]) -> Float[Array, " channels"]:
    """The sum of each channel, rounded once."""
    xp = array_namespace(values)
    axes = (0, *range(2, values.ndim))
    exact = xp.sum(values, axis=axes, dtype=xp.float64)
    return xp.astype(exact, values.dtype, copy=False)


def spread(vector: Float[Array, " channels"], like: Array) -> Array:
    """The vector in a shape that meets each channel of `like`."""
    shape = (1, vector.shape[0], *[1] * (like.ndim - 2))
    return array_namespace(vector).reshape(vector, shape)


def batch_statistics(
    inputs: Float[Array, "batch channels *pixels"],
) -> tuple[Float[Array, " channels"], Float[Array, " channels"]]:
    """Mean and biased variance of each channel.

    Equations
        mean = sum of inputs / count
        var  = sum of (inputs - mean) ** 2 / count
    """
    count = count_of(inputs)
    mean = total(inputs) / count
    centred = inputs - spread(mean, inputs)
    return mean, total(centred * centred) / count


def move(buffer: Buffer, batch: Float[Array, " channels"], momentum: float) -> None:
    """running = (1 - momentum) * running + momentum * batch."""
    xp, running = array_namespace(buffer.value), buffer.value
    moved = (1 - momentum) * running + momentum * batch
    buffer.value = xp.astype(moved, running.dtype, copy=False)


def unbiased(var: Float[Array, " channels"], count: int) -> Float[Array, " channels"]:
    """var * count / (count - 1); of a single value, the biased variance: 0."""
    return var * (count / (count - 1)) if count > 1 else var


def normalize(
    inputs: Float[Array, "batch channels *pixels"],
    mean: Float[Array, " channels"],
    var: Float[Array, " channels"],
    eps: float,
) -> tuple[Float[Array, "batch channels *pixels"], Float[Array, " channels"]]:
    """(inputs - mean) * inverse_std, and inverse_std = 1 / sqrt(var + eps)."""
    inverse_std = 1 / array_namespace(var).sqrt(var + eps)
    centred = inputs - spread(mean, inputs)
    return centred * spread(inverse_std, inputs), inverse_std


def normalize_backward(
    d_normalized: Float[Array, "batch channels *pixels"], cache: BatchNormCache
) -> Float[Array, "batch channels *pixels"]:
    """The way back through `normalize` and, where used, the batch's statistics.

    Equations
        d_inputs = inverse_std * (d_normalized - mean of d_normalized
                   - normalized * mean of (d_normalized * normalized))
        with running statistics, which are constants: inverse_std * d_normalized
    """
    inverse_std = spread(cache.inverse_std, d_normalized)
    if not cache.from_batch:
        return d_normalized * inverse_std
    count = count_of(d_normalized)
    mean = spread(total(d_normalized) / count, d_normalized)
    along = spread(total(d_normalized * cache.normalized) / count, d_normalized)
    return inverse_std * (d_normalized - mean - cache.normalized * along)
