"""The multiclass hinge loss of the support vector machine."""

from typing import NamedTuple

from jaxtyping import Float, Integer

from handgrad.arrays import Array, array_namespace
from handgrad.losses.loss import Loss, mean_loss, shares_of
from handgrad.losses.one_hot import one_hot
from handgrad.setting import positive


class MulticlassSVMCache(NamedTuple):
    """Cache of the hinge loss; `shares` is None without sample weights."""

    hinges: Array
    is_target: Array
    shares: Array | None = None


class MulticlassSVM(Loss[MulticlassSVMCache]):
    """Multiclass hinge loss: the true logit should exceed the others by a margin.

    There is one true class, so soft labels are not supported. ConfigError for a margin
    that is not a finite number above 0.

    Shapes
        logits     (batch, classes), float32 or float64
        targets    (batch,), integers: true class numbers from 0
        weights    (batch,), optional sample weights
        hinges     (batch, classes), 0 at the true class
        is_target  (batch, classes), bool
        shares     (batch, 1), weights divided by their sum

    Equations
        hinges   = max(0, logits - logits[target] + margin), 0 at the true class
        loss     = mean over the batch of the sum of hinges over classes
        active   = 1 where hinges > 0, else 0
                   (at exactly 0 the slope is taken to be 0)
        d_logits = active / batch at a wrong class
        d_logits = -(sum of active over the row) / batch at the true class
        with weights: shares = weights / sum of weights replace 1 / batch

    Cache
        hinges and is_target, and the shares if there are weights

    Units
        margin  in units of the logits

    Source
        Weston, Watkins (1999), Support vector machines for multi-class pattern
        recognition.
    """

    margin = positive()

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def forward(
        self,
        logits: Float[Array, "batch classes"],
        targets: Integer[Array, "batch"],
        weights: Float[Array, "batch"] | None = None,
    ) -> tuple[float, MulticlassSVMCache]:
        """Return the mean over the batch of the summed hinges, and the cache."""
        xp = array_namespace(logits)
        zero = xp.zeros_like(logits)
        is_target = one_hot(targets, logits)
        true = xp.sum(xp.where(is_target, logits, zero), axis=1, keepdims=True)
        margins = logits - true + self.margin
        # comparing with "<" keeps NaN
        hinges = xp.where(is_target | (margins < 0), zero, margins)
        losses = xp.sum(hinges, axis=1)
        cache = MulticlassSVMCache(hinges, is_target, shares_of(weights, logits))
        return mean_loss(losses, weights), cache

    def backward(self, cache: MulticlassSVMCache, /) -> Float[Array, "batch classes"]:
        """Return d_logits: positive at active classes, negative at the true class."""
        xp = array_namespace(cache.hinges)
        zero = xp.zeros_like(cache.hinges)
        active = xp.where(cache.hinges > 0, xp.ones_like(zero), zero)
        count = xp.sum(active, axis=1, keepdims=True)
        d_logits = xp.where(cache.is_target, -count, active)
        if cache.shares is not None:
            return d_logits * cache.shares
        return d_logits / cache.hinges.shape[0]

    def __repr__(self) -> str:
        return f"MulticlassSVM(margin={self.margin:g})"
