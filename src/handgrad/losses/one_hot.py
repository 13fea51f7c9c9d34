"""Targets as probabilities: one-hot encoded class numbers, or soft labels."""

from array_api_compat import device
from jaxtyping import Bool, Float, Integer

from handgrad.arrays import Array, array_namespace
from handgrad.errors import ConfigError

Targets = Integer[Array, "batch"] | Float[Array, "batch classes"]


def one_hot(
    targets: Integer[Array, "batch"], logits: Float[Array, "batch classes"]
) -> Bool[Array, "batch classes"]:
    """Boolean one-hot encoding of the targets, on the device of the logits.

    Shapes
        targets  (batch,), class numbers from 0
        outputs  (batch, classes), boolean
    """
    _check_arrays(targets, logits)
    xp = array_namespace(logits)
    classes = xp.arange(logits.shape[1], device=device(logits))
    return classes[None, :] == targets[:, None]


def target_probabilities(
    targets: Targets, logits: Float[Array, "batch classes"]
) -> Float[Array, "batch classes"]:
    """One-hot class numbers, or the soft labels themselves, in the logits' dtype.

    Shapes
        targets  (batch,), class numbers from 0, or (batch, classes), probabilities
        outputs  (batch, classes)
    """
    xp = array_namespace(logits)
    found = targets if is_soft(targets, logits) else one_hot(targets, logits)
    return xp.astype(found, logits.dtype)


def is_soft(targets: Array, logits: Array) -> bool:
    """Whether the targets are soft labels; ConfigError for lists, integer logits."""
    _check_arrays(targets, logits)
    return len(targets.shape) == 2


def _check_arrays(targets: Array, logits: Array) -> None:
    array_namespace(targets)
    if not array_namespace(logits).isdtype(logits.dtype, "real floating"):
        raise ConfigError(
            f"A loss takes logits of float32 or float64, got {logits.dtype}. Convert "
            "them: logits.astype('float32')."
        )
