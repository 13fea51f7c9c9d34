"""One-hot encoding of class numbers."""

from array_api_compat import device
from jaxtyping import Bool, Float, Integer

from handgrad.arrays import Array, array_namespace


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
