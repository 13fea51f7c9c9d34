"""The rectified linear unit."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class ReLU(Layer[Array]):
    """Rectified linear unit: max(inputs, 0).

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = max(inputs, 0)
        d_inputs = d_outputs where outputs > 0, else 0
                   (at exactly 0 the slope is taken to be 0)

    Cache
        the outputs: their sign is all that backward needs

    Source
        Nair, Hinton (2010), Rectified linear units improve restricted Boltzmann
        machines.
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
        """Return max(inputs, 0); NaN stays NaN."""
        xp = array_namespace(inputs)
        zero = xp.zeros_like(inputs)
        outputs = xp.where(inputs < 0, zero, inputs)  # NaN < 0 is false: NaN stays
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs where the unit was active, 0 elsewhere."""
        xp = array_namespace(outputs)
        return xp.where(outputs > 0, d_outputs, xp.zeros_like(d_outputs)), {}

    def __repr__(self) -> str:
        return "ReLU()"
