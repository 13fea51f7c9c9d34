"""The logistic sigmoid."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Sigmoid(Layer[Array]):
    """Squeeze every value into the interval from 0 to 1.

    Shapes
        inputs, outputs  (batch, ...)

    Equations
        outputs  = 1 / (1 + exp(-inputs))
        d_inputs = d_outputs * outputs * (1 - outputs)

        Computed from small = exp(-|inputs|), which cannot overflow:
        outputs  = 1 / (1 + small) where inputs >= 0, else small / (1 + small)

    Cache
        the outputs

    Source
        Rumelhart, Hinton, Williams (1986), Learning representations by
        back-propagating errors.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Unchanged."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array]:
        """The logistic function of every value."""
        xp = array_namespace(inputs)
        small = xp.exp(-xp.abs(inputs))
        outputs = xp.where(inputs < 0, small, xp.ones_like(small)) / (1 + small)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """At most a quarter of the gradient, nothing where the unit is full."""
        return d_outputs * (outputs * (1 - outputs)), {}

    def __repr__(self) -> str:
        return "Sigmoid()"
