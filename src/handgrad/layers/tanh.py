"""The hyperbolic tangent."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Tanh(Layer[Array]):
    """Hyperbolic tangent: maps every value into the interval from -1 to 1.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = tanh(inputs)
        d_inputs = d_outputs * (1 - outputs**2)

    Cache
        the outputs

    Source
        LeCun, Bottou, Orr, Müller (1998), Efficient backprop, section 4.4.
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
        """Return the hyperbolic tangent of each value."""
        outputs = array_namespace(inputs).tanh(inputs)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative, which is at most 1."""
        return d_outputs * (1 - outputs * outputs), {}

    def __repr__(self) -> str:
        return "Tanh()"
