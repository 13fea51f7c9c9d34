"""Mean squared error to one-hot or soft targets."""

from typing import NamedTuple

from jaxtyping import Float

from handgrad.arrays import Array, array_namespace
from handgrad.losses.loss import Loss, mean_loss, shares_of
from handgrad.losses.one_hot import Targets, target_probabilities


class MeanSquaredErrorCache(NamedTuple):
    """Cache of mean squared error; `shares` is None without sample weights."""

    differences: Array
    shares: Array | None


class MeanSquaredError(Loss[MeanSquaredErrorCache]):
    """Mean squared error between the logits and one-hot or soft targets.

    The squares are averaged over the classes, without a factor 1/2.

    Shapes
        logits       (batch, classes), float32 or float64
        targets      (batch,), integers: true class numbers from 0; or soft labels,
                     (batch, classes), floats: probabilities that sum to 1
        expected     (batch, classes), one-hot encoded targets, or the soft labels
        weights      (batch,), optional sample weights
        differences  (batch, classes)
        shares       (batch, 1), weights divided by their sum

    Equations
        differences = logits - expected
        loss        = mean over the batch of
                      (1 / classes) * sum over classes of differences**2
        d_logits    = 2 * differences / (batch * classes)
        with weights: shares = weights / sum of weights replace 1 / batch

    Cache
        the differences, and the shares if there are weights

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.1.3.
    """

    takes_soft_targets = True

    def forward(
        self,
        logits: Float[Array, "batch classes"],
        targets: Targets,
        weights: Float[Array, "batch"] | None = None,
    ) -> tuple[float, MeanSquaredErrorCache]:
        """Return the mean squared error, and the cache."""
        xp = array_namespace(logits)
        differences = logits - target_probabilities(targets, logits)
        losses = xp.sum(differences * differences, axis=1) / logits.shape[1]
        cache = MeanSquaredErrorCache(differences, shares_of(weights, logits))
        return mean_loss(losses, weights), cache

    def backward(
        self, cache: MeanSquaredErrorCache, /
    ) -> Float[Array, "batch classes"]:
        """Return d_logits."""
        differences, shares = cache
        batch, classes = differences.shape
        if shares is not None:
            return differences * shares * (2.0 / classes)
        return differences * (2.0 / (batch * classes))

    def __repr__(self) -> str:
        return "MeanSquaredError()"
