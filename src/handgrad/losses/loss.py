"""What every loss is: a mean over the batch, and its gradient."""

from abc import ABC, abstractmethod
from inspect import Parameter, signature
from typing import Any, ClassVar, Generic, TypeVar

from array_api_compat import device

from handgrad.arrays import Array, array_namespace, two_returned
from handgrad.errors import ConfigError

Cache = TypeVar("Cache")


class Loss(ABC, Generic[Cache]):
    """A loss: the mean over the batch of one number for each example.

    With weights the mean is weighted, as in scikit-learn and PyTorch. The trainer and
    the classifier check targets and weights before the first step; a loss relies on
    that. ConfigError for an invalid setting, when a loss is made and whenever the
    setting is assigned.

    A loss of your own defines `forward` and `backward`; `handgrad.testing.check_loss`
    checks it. It may leave `weights` out; then it cannot train on weighted examples.
    Where softmax of the logits estimates probabilities, it sets `gives_probabilities`;
    otherwise the outputs are shown as scores.

    Equations
        loss = sum over the batch of weights * losses / sum over the batch of weights
    """

    gives_probabilities: ClassVar[bool] = False

    @abstractmethod
    def forward(
        self, logits: Array, targets: Array, weights: Array | None = None
    ) -> tuple[float, Cache]:
        """Return the mean loss, summed in float64, and the cache for `backward`.

        Shapes
            logits   (batch, classes), float32 or float64
            targets  (batch,), integers: true class numbers from 0
            weights  (batch,), floats from 0 up, at least one of them positive; or None
        """

    @abstractmethod
    def backward(self, cache: Cache, /) -> Array:
        """Return `d_logits`, the gradient of the mean loss.

        `cache` is what `forward` returned with the loss.

        Shapes
            d_logits  (batch, classes), of the dtype of the logits
        """


def mean_loss(losses: Array, weights: Array | None) -> float:
    """The mean of the examples' losses, or their weighted mean, in float64."""
    xp = array_namespace(losses)
    if weights is None:
        batch: int = losses.shape[0]
        return float(xp.sum(losses, dtype=xp.float64)) / batch
    wide = xp.astype(weights, xp.float64)
    total = float(xp.sum(xp.astype(losses, xp.float64) * wide))
    return total / float(xp.sum(wide))


def shares_of(weights: Array | None, logits: Array) -> Array | None:
    """Each example's share of the weighted mean, (batch, 1), typed as the logits.

    Equations
        shares = weights / sum over the batch of weights
    """
    if weights is None:
        return None
    xp = array_namespace(logits)
    wide = xp.astype(xp.asarray(weights, device=device(logits)), xp.float64)
    return xp.astype(wide / xp.sum(wide), logits.dtype)[:, None]


def forward_loss(
    loss: Loss[Any], logits: Array, targets: Array, weights: Array | None = None
) -> tuple[float, Any]:
    """`loss.forward`, with weights where there are any; ConfigError for no pair."""
    arguments = (logits, targets) if weights is None else (logits, targets, weights)
    return two_returned("forward", loss, "loss, cache", loss.forward(*arguments))


def takes_weights(loss: Loss[Any]) -> bool:
    """Whether the loss's forward has a place for weights after logits and targets."""
    parameters = signature(loss.forward).parameters.values()
    is_open = any(part.kind == Parameter.VAR_POSITIONAL for part in parameters)
    return is_open or len(parameters) >= 3


def check_takes_weights(loss: Loss[Any]) -> None:
    """ConfigError if a loss of the user's own has no place for weights."""
    if not takes_weights(loss):
        raise ConfigError(
            f"{loss!r} takes logits and targets, got weights of examples as well. Give "
            "its forward a third argument, weights=None, or leave the weights out."
        )
