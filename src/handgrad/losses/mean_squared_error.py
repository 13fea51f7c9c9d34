"""The mean squared error against one-hot targets."""

from jaxtyping import Float, Integer

from handgrad.arrays import Array, array_namespace
from handgrad.losses.loss import Loss
from handgrad.losses.one_hot import one_hot


class MeanSquaredError(Loss[Array]):
    """How far the outputs are from 1 at the true class and 0 elsewhere.

    The factor is one over the number of classes, without a half.

    Shapes
        logits       (batch, classes)
        targets      (batch,), true class numbers
        differences  (batch, classes)

    Equations
        differences = logits - one_hot
        loss        = mean over the batch of
                      (1 / classes) * sum over classes of differences**2
        d_logits    = 2 * differences / (batch * classes)

    Cache
        the differences

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.1.3.
    """

    def forward(
        self,
        logits: Float[Array, "batch classes"],
        targets: Integer[Array, "batch"],
    ) -> tuple[float, Array]:
        """The mean square of the differences."""
        xp = array_namespace(logits)
        expected = xp.astype(one_hot(targets, logits), logits.dtype)
        differences = logits - expected
        losses = xp.sum(differences * differences, axis=1) / logits.shape[1]
        loss = float(xp.sum(losses, dtype=xp.float64)) / logits.shape[0]
        return loss, differences

    def backward(
        self, differences: Float[Array, "batch classes"], /
    ) -> Float[Array, "batch classes"]:
        """Proportional to the difference."""
        batch, classes = differences.shape
        return differences * (2.0 / (batch * classes))

    def __repr__(self) -> str:
        return "MeanSquaredError()"
