"""Class numbers as rows of a mask."""

from array_api_compat import device
from jaxtyping import Bool, Float, Integer

from handgrad.arrays import Array, array_namespace


def one_hot(
    targets: Integer[Array, "batch"], logits: Float[Array, "batch classes"]
) -> Bool[Array, "batch classes"]:
    """True at each example's target class, on the device of the logits.

    Shapes
        targets  (batch,), class numbers from 0
        outputs  (batch, classes), boolean
    """
    xp = array_namespace(logits)
    classes = xp.arange(logits.shape[1], device=device(logits))
    return classes[None, :] == targets[:, None]
