"""The abstract base class of all losses."""

from abc import ABC, abstractmethod
from inspect import Parameter, signature
from typing import Any, ClassVar, Generic, TypeVar

from array_api_compat import device

from handgrad.arrays import Array, array_namespace, two_returned
from handgrad.errors import ConfigError

Cache = TypeVar("Cache")


class Loss(ABC, Generic[Cache]):
    """Base class of all losses; a loss is the mean of per-example losses over a batch.

    With sample weights the mean is weighted, as in scikit-learn and PyTorch. The
    trainer and the classifier validate targets and weights before the first step, so a
    loss does not. An invalid setting raises ConfigError, both at construction and on
    assignment.

    A custom loss defines `forward` and `backward`; `handgrad.testing.check_loss` checks
    it. It may omit `weights`, but then it does not support sample weights. If the
    softmax of the logits estimates class probabilities, it sets `gives_probabilities`;
    otherwise the outputs are reported as scores. If it also accepts soft labels, as
    mixup and cutmix give them, it sets `takes_soft_targets`.

    Equations
        loss = sum over the batch of weights * losses / sum over the batch of weights
    """

    gives_probabilities: ClassVar[bool] = False
    takes_soft_targets: ClassVar[bool] = False

    @abstractmethod
    def forward(
        self, logits: Array, targets: Array, weights: Array | None = None
    ) -> tuple[float, Cache]:
        """Return the mean loss, summed in float64, and the cache for `backward`.

        Shapes
            logits   (batch, classes), float32 or float64
            targets  (batch,), integers: true class numbers from 0; or soft labels,
                     (batch, classes), if the loss `takes_soft_targets`
            weights  (batch,), from 0 up, at least one of them positive, of the dtype of
                     the logits; or None
        """

    @abstractmethod
    def backward(self, cache: Cache, /) -> Array:
        """Return `d_logits`, the gradient of the mean loss.

        `cache` is what `forward` returned with the loss.

        Shapes
            d_logits  (batch, classes), of the dtype of the logits
        """


def mean_loss(losses: Array, weights: Array | None) -> float:
    """Mean or weighted mean of the per-example losses, in float64."""
    xp = array_namespace(losses)
    if weights is None:
        batch: int = losses.shape[0]
        return float(xp.sum(losses, dtype=xp.float64)) / batch
    wide = xp.astype(weights, xp.float64)
    total = float(xp.sum(xp.astype(losses, xp.float64) * wide))
    return total / (float(xp.sum(wide)) or 1.0)


def shares_of(weights: Array | None, logits: Array) -> Array | None:
    """Sample weights divided by their sum, (batch, 1), in the dtype of the logits.

    Equations
        shares = weights / sum over the batch of weights
    """
    if weights is None:
        return None
    xp = array_namespace(logits)
    wide = xp.astype(xp.asarray(weights, device=device(logits)), xp.float64)
    return xp.astype(wide / (float(xp.sum(wide)) or 1.0), logits.dtype)[:, None]


def forward_loss(
    loss: Loss[Any], logits: Array, targets: Array, weights: Array | None = None
) -> tuple[float, Any]:
    """Call `loss.forward`, with weights if given; ConfigError unless it is a pair."""
    arguments = (logits, targets) if weights is None else (logits, targets, weights)
    return two_returned("forward", loss, "loss, cache", loss.forward(*arguments))


def takes_weights(loss: Loss[Any]) -> bool:
    """Whether the loss's forward takes weights after logits and targets."""
    parameters = signature(loss.forward).parameters.values()
    is_open = any(part.kind == Parameter.VAR_POSITIONAL for part in parameters)
    return is_open or len(parameters) >= 3


def check_takes_soft_targets(loss: Loss[Any], owner: str) -> None:
    """Raise ConfigError if a loss takes class numbers only; `owner` mixes labels."""
    if not loss.takes_soft_targets:
        raise ConfigError(
            f"{owner} mixes the labels of images, and {loss!r} takes one class for "
            "each. Use softmax_cross_entropy or mean_squared_error, or leave the "
            "mixing out."
        )


def check_takes_weights(loss: Loss[Any]) -> None:
    """Raise ConfigError if a custom loss does not take sample weights."""
    if not takes_weights(loss):
        raise ConfigError(
            f"{loss!r} takes logits and targets only, got sample weights as well. Give "
            "its forward a third parameter, weights=None, or omit the weights."
        )
