"""Targets as probabilities: one-hot encoded class numbers, or soft labels."""

from array_api_compat import device
from jaxtyping import Bool, Float, Integer

from handgrad.arrays import Array, array_namespace

Targets = Integer[Array, "batch"] | Float[Array, "batch classes"]


def one_hot(
    targets: Integer[Array, "batch"], logits: Float[Array, "batch classes"]
) -> Bool[Array, "batch classes"]:
    """Boolean one-hot encoding of the targets, on the device of the logits.

    Shapes
        targets  (batch,), class numbers from 0
        outputs  (batch, classes), boolean
    """
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
    found = targets if targets.ndim == 2 else one_hot(targets, logits)
    return xp.astype(found, logits.dtype)
