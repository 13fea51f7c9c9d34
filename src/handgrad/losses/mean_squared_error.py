"""The mean squared error against one-hot targets."""

from typing import NamedTuple

from jaxtyping import Float, Integer

from handgrad.arrays import Array, array_namespace
from handgrad.losses.loss import Loss, mean_loss, shares_of
from handgrad.losses.one_hot import one_hot


class MeanSquaredErrorCache(NamedTuple):
    """What `backward` needs: differences, and shares where there are weights."""

    differences: Array
    shares: Array | None


class MeanSquaredError(Loss[MeanSquaredErrorCache]):
    """How far the outputs are from 1 at the true class and 0 elsewhere.

    The factor is one over the number of classes, without a half.

    Shapes
        logits       (batch, classes)
        targets      (batch,), true class numbers
        weights      (batch,), optional
        differences  (batch, classes)
        shares       (batch, 1)

    Equations
        differences = logits - one_hot
        loss        = mean over the batch of
                      (1 / classes) * sum over classes of differences**2
        d_logits    = 2 * differences / (batch * classes)
        with weights: shares = weights / sum of weights take the place of 1 / batch

    Cache
        the differences, and the shares if there are weights

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.1.3.
    """

    def forward(
        self,
        logits: Float[Array, "batch classes"],
        targets: Integer[Array, "batch"],
        weights: Float[Array, "batch"] | None = None,
    ) -> tuple[float, MeanSquaredErrorCache]:
        """The mean square of the differences."""
        xp = array_namespace(logits)
        expected = xp.astype(one_hot(targets, logits), logits.dtype)
        differences = logits - expected
        losses = xp.sum(differences * differences, axis=1) / logits.shape[1]
        cache = MeanSquaredErrorCache(differences, shares_of(weights, logits))
        return mean_loss(losses, weights), cache

    def backward(
        self, cache: MeanSquaredErrorCache, /
    ) -> Float[Array, "batch classes"]:
        """Proportional to the difference."""
        differences, shares = cache
        batch, classes = differences.shape
        if shares is not None:
            return differences * shares * (2.0 / classes)
        return differences * (2.0 / (batch * classes))

    def __repr__(self) -> str:
        return "MeanSquaredError()"
