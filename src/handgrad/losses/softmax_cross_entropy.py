"""Softmax cross-entropy, the usual loss of classification."""

from typing import Any, Literal, NamedTuple

from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, array_namespace
from handgrad.errors import ConfigError
from handgrad.losses.loss import Loss, mean_loss, shares_of
from handgrad.losses.one_hot import Targets, is_soft, one_hot, target_probabilities
from handgrad.ranges import is_whole, shown
from handgrad.setting import Setting, fraction


class SoftmaxCrossEntropyCache(NamedTuple):
    """Cache of cross-entropy; `expected` are the target probabilities."""

    probabilities: Array
    expected: Array
    shares: Array | None = None


def _check_index(owner: str, name: str, value: Any) -> int | None:
    if value is None or is_whole(value):
        return None if value is None else int(value)
    raise ConfigError(
        f"{owner} takes {name} as an integer or None, got {shown(value)}. Give the "
        "class number to ignore, such as -100."
    )


def _check_reduction(owner: str, name: str, value: Any) -> str:
    if value in ("mean", "sum"):
        return str(value)
    raise ConfigError(
        f'{owner} takes {name} as "mean" or "sum", got {shown(value)}. Give one.'
    )


class SoftmaxCrossEntropy(Loss[SoftmaxCrossEntropyCache]):
    """Cross-entropy between the softmax of the logits and the true class.

    Softmax and logarithm are computed together (log-softmax): exp is applied only to
    numbers up to 0, and the logarithm only to sums from 1 up, so exp cannot overflow
    and log(0) is never taken.

    Examples whose target is `ignore_index` do not count: neither in the loss nor in its
    mean, and their gradient is 0; if none counts, the loss is 0. With reduction="sum"
    the loss is the sum over the examples instead of their mean; the engines, whose
    losses are means, refuse it.

    ConfigError for a label_smoothing that is not from 0 up to, but not including, 1, an
    ignore_index that is not an integer or None, or another reduction.

    Shapes
        logits         (batch, classes), float32 or float64
        targets        (batch,), integers: true class numbers from 0; or soft labels,
                       (batch, classes), floats: probabilities that sum to 1
        weights        (batch,), optional sample weights
        probabilities  (batch, classes)
        expected       (batch, classes), target probabilities; rows sum to 1
        shares         (batch, 1), weights divided by their sum

    Equations
        shifted           = logits - max of the row
        log_probabilities = shifted - log(sum of exp(shifted) over the row)
        expected          = (1 - label_smoothing) * one_hot + label_smoothing / classes
                            (soft labels take the place of one_hot)
        loss              = mean over the batch of
                            -sum over classes of expected * log_probabilities
        d_logits          = (probabilities - expected) / batch
        with weights: shares = weights / sum of weights replace 1 / batch
        with ignore_index: weights (1 if there are none) are 0 where it is the target
        with reduction="sum": loss = sum over the batch of weights times the same, and
                              shares = weights (1 if there are none)

    Cache
        probabilities and expected, and the shares if there are weights

    Units
        loss             nats: log(classes) for uniform probabilities
        label_smoothing  fraction, 0 <= label_smoothing < 1
        ignore_index     class number, of any sign; None by default
        reduction        "mean" or "sum"

    Example
        loss, cache = SoftmaxCrossEntropy().forward(np.zeros((2, 4)), np.array([0, 3]))
        loss == np.log(4)

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.4.
        Szegedy et al. (2016), Rethinking the Inception architecture, section 7
        (label smoothing).
        Zhang, Cisse, Dauphin, Lopez-Paz (2018), mixup (soft labels).
    """

    gives_probabilities = True
    takes_soft_targets = True
    label_smoothing = fraction()
    ignore_index = Setting[int | None](_check_index)
    reduction = Setting[str](_check_reduction)

    def __init__(
        self,
        label_smoothing: float = 0.0,
        *,
        ignore_index: int | None = None,
        reduction: Literal["mean", "sum"] = "mean",
    ) -> None:
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(
        self,
        logits: Float[Array, "batch classes"],
        targets: Targets,
        weights: Float[Array, "batch"] | None = None,
    ) -> tuple[float, SoftmaxCrossEntropyCache]:
        """Return the mean (or sum) of the cross-entropy in nats, and the cache."""
        xp = array_namespace(logits)
        expected = self._expected(logits, targets)
        log_probabilities = log_softmax(logits)
        # where: 0 * -inf would be NaN for a class of target probability 0
        zero = xp.zeros_like(logits)
        counted = xp.where(expected > 0, log_probabilities, zero)
        losses = -xp.sum(expected * counted, axis=1)
        weights = self._counting(weights, targets, logits)
        probabilities = xp.exp(log_probabilities)
        if self.reduction == "sum":
            assert weights is not None
            shares = xp.astype(weights, logits.dtype)[:, None]
            cache = SoftmaxCrossEntropyCache(probabilities, expected, shares)
            return float(xp.sum(losses * weights, dtype=xp.float64)), cache
        shares = shares_of(weights, logits)
        cache = SoftmaxCrossEntropyCache(probabilities, expected, shares)
        return mean_loss(losses, weights), cache

    def backward(
        self, cache: SoftmaxCrossEntropyCache, /
    ) -> Float[Array, "batch classes"]:
        """Return predicted minus target probabilities, divided by the batch size.

        With sample weights, ignore_index or a sum they are multiplied by the shares.
        """
        differences = cache.probabilities - cache.expected
        if cache.shares is not None:
            return differences * cache.shares
        return differences / cache.expected.shape[0]

    def _counting(
        self, weights: Array | None, targets: Array, logits: Array
    ) -> Array | None:
        """The weights, 0 for ignored targets; None if all count alike in a mean."""
        if self.ignore_index is None and self.reduction == "mean":
            return weights
        xp = array_namespace(logits)
        ones = xp.ones_like(logits[:, 0], dtype=xp.float64)
        if weights is not None:
            ones = ones * xp.asarray(weights, device=device(logits))
        if self.ignore_index is None or targets.ndim == 2:  # soft labels
            return ones
        ignored = xp.asarray(targets, device=device(logits)) == self.ignore_index
        return xp.where(ignored, xp.zeros_like(ones), ones)

    def _expected(self, logits: Array, targets: Array) -> Array:
        xp = array_namespace(logits)
        elsewhere = self.label_smoothing / logits.shape[1]
        if is_soft(targets, logits):
            own = target_probabilities(targets, logits)
            return (1.0 - self.label_smoothing) * own + elsewhere
        rest = xp.full_like(logits, elsewhere)
        true = xp.full_like(logits, 1.0 - self.label_smoothing + elsewhere)
        return xp.where(one_hot(targets, logits), true, rest)

    def __repr__(self) -> str:
        text = f"label_smoothing={self.label_smoothing:g}"
        if self.ignore_index is not None:
            text += f", ignore_index={self.ignore_index}"
        text += ', reduction="sum"' if self.reduction == "sum" else ""
        return f"SoftmaxCrossEntropy({text})"


def log_softmax(
    logits: Float[Array, "batch classes"],
) -> Float[Array, "batch classes"]:
    """Log-softmax, shifted by the maximum of the row to prevent overflow."""
    xp = array_namespace(logits)
    shifted = logits - xp.max(logits, axis=1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
