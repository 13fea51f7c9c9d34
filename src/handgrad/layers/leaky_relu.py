"""The leaky rectified linear unit."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key
from handgrad.setting import at_least


class LeakyReLU(Layer[Array]):
    """Leaky rectified linear unit: a ReLU with a small slope below 0.

    ConfigError for a negative_slope that is not a finite number from 0 up.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = inputs where inputs >= 0, else negative_slope * inputs
        d_inputs = d_outputs where outputs > 0, else negative_slope * d_outputs
                   (at exactly 0 the slope is taken to be negative_slope)

    Cache
        the outputs: they have the sign of the inputs, as negative_slope >= 0

    Source
        Maas, Hannun, Ng (2013), Rectifier nonlinearities improve neural network
        acoustic models.
    """

    negative_slope = at_least(0)

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

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
        """Return the inputs, those below 0 multiplied by `negative_slope`."""
        xp = array_namespace(inputs)
        outputs = xp.where(inputs < 0, inputs * self.negative_slope, inputs)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs where outputs > 0, `negative_slope` times that elsewhere."""
        xp = array_namespace(outputs)
        return xp.where(outputs > 0, d_outputs, d_outputs * self.negative_slope), {}

    def __repr__(self) -> str:
        return f"LeakyReLU(negative_slope={self.negative_slope:g})"
