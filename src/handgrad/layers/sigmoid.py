"""The logistic sigmoid."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Sigmoid(Layer[Array]):
    """Logistic function: maps every value into the interval from 0 to 1.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = 1 / (1 + exp(-inputs))
        d_inputs = d_outputs * outputs * (1 - outputs)

    Cache
        the outputs

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by
        back-propagating errors, equation 2.
    """

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
        """Return the logistic function of each value."""
        outputs = logistic(inputs)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative, which is at most 1/4."""
        return d_outputs * outputs * (1 - outputs), {}

    def __repr__(self) -> str:
        return "Sigmoid()"


def logistic(inputs: Array) -> Array:
    """Return 1 / (1 + exp(-inputs)) without overflow.

    exp is applied only to numbers up to 0. For a negative x the fraction is expanded by
    exp(x): 1 / (1 + exp(-x)) = exp(x) / (1 + exp(x)).
    """
    xp = array_namespace(inputs)
    small = xp.exp(-xp.abs(inputs))
    numerator = xp.where(inputs < 0, small, xp.ones_like(inputs))
    return numerator / (1 + small)
