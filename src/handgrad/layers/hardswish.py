"""The piecewise approximation of SiLU."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Hardswish(Layer[Array]):
    """Hard swish: SiLU with a piecewise linear gate, inputs * Hardsigmoid(inputs).

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = inputs * (inputs + 3) / 6 where -3 < inputs < 3,
                   0 below and inputs above
        d_inputs = d_outputs * (2 * inputs + 3) / 6 where -3 < inputs < 3,
                   0 below and d_outputs above, by the product rule

    Cache
        the inputs

    Source
        Howard et al. (2019), Searching for MobileNetV3, section 5.2.
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
        """Return the inputs times their gate."""
        return _between(inputs, inputs * ((inputs + 3) / 6), inputs), inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        inputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative."""
        slopes = (2 * inputs + 3) / 6
        return _between(inputs, d_outputs * slopes, d_outputs), {}

    def __repr__(self) -> str:
        return "Hardswish()"


def _between(inputs: Array, inside: Array, above: Array) -> Array:
    """`inside` where -3 < inputs < 3 or NaN, 0 below and `above` above."""
    xp = array_namespace(inputs)
    lower = xp.where(inputs <= -3, xp.zeros_like(inputs), inside)
    return xp.where(inputs >= 3, above, lower)
