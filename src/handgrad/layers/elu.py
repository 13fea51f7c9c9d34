"""The exponential linear unit."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key
from handgrad.setting import at_least


class ELU(Layer[Array]):
    """Exponential linear unit: tends to -alpha for large negative inputs.

    ConfigError for an alpha that is not a finite number from 0 up.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = inputs where inputs > 0, else alpha * (exp(inputs) - 1)
        d_inputs = d_outputs where outputs > 0, else d_outputs * (outputs + alpha)

    Cache
        the outputs: they have the sign of the inputs

    Source
        Clevert, Unterthiner, Hochreiter (2016), Fast and accurate deep network learning
        by exponential linear units, section 3.
    """

    alpha = at_least(0)

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array]:
        """Return the inputs, those below 0 through the exponential."""
        xp = array_namespace(inputs)
        negative = xp.where(inputs > 0, xp.zeros_like(inputs), inputs)  # no overflow
        outputs = xp.where(inputs > 0, inputs, self.alpha * xp.expm1(negative))
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs where outputs > 0, times outputs + alpha elsewhere."""
        xp = array_namespace(outputs)
        slopes = outputs + self.alpha
        return xp.where(outputs > 0, d_outputs, d_outputs * slopes), {}

    def __repr__(self) -> str:
        return f"ELU(alpha={self.alpha:g})"
