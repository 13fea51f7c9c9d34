"""The sigmoid linear unit, also called Swish."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape
from handgrad.layers.layer import Layer
from handgrad.layers.sigmoid import logistic
from handgrad.randomness import Key


class SiLU(Layer[tuple[Array, Array]]):
    """Sigmoid linear unit, or Swish: inputs * sigmoid(inputs).

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        gate     = 1 / (1 + exp(-inputs))
        outputs  = inputs * gate
        d_inputs = d_outputs * (gate + outputs * (1 - gate))

    Cache
        the gate and the outputs

    Source
        Hendrycks, Gimpel (2016), Gaussian error linear units, section 2; as Swish in
        Ramachandran, Zoph, Le (2017), Searching for activation functions. Derived in
        docs/derivations/silu.md.
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
    ) -> tuple[Float[Array, "batch *features"], tuple[Array, Array]]:
        """Return each value times its logistic function."""
        gate = logistic(inputs)
        outputs = inputs * gate
        return outputs, (gate, outputs)

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        cache: tuple[Array, Array],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative, by the product rule."""
        gate, outputs = cache
        return d_outputs * (gate + outputs * (1 - gate)), {}

    def __repr__(self) -> str:
        return "SiLU()"
