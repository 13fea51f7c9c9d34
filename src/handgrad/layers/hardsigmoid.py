"""The piecewise linear approximation of the logistic function."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.layers.relu6 import clipped
from handgrad.randomness import Key
from handgrad.setting import at_least


class Hardsigmoid(Layer[Array]):
    """Piecewise linear approximation of the logistic function.

    `slope` and `offset` are those of the line between 0 and 1: 1/6 and 0.5 as in
    PyTorch; ONNX and Keras 2 have a slope of 0.2. ConfigError for one below 0.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = min(max(slope * inputs + offset, 0), 1)
        d_inputs = slope * d_outputs where 0 < outputs < 1, else 0

    Cache
        the outputs

    Source
        Courbariaux, Bengio, David (2015), BinaryConnect, section 2.3; Howard et al.
        (2019), Searching for MobileNetV3, section 5.2.
    """

    slope = at_least(0)
    offset = at_least(0)

    def __init__(self, slope: float = 1 / 6, offset: float = 0.5) -> None:
        self.slope = slope
        self.offset = offset

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
        """Return the line, clipped to 0 to 1."""
        outputs = clipped(self.slope * inputs + self.offset, 1)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return the slope times d_outputs where the line was not clipped."""
        xp = array_namespace(outputs)
        inside = (outputs > 0) & (outputs < 1)
        return xp.where(inside, self.slope * d_outputs, xp.zeros_like(d_outputs)), {}

    def __repr__(self) -> str:
        return f"Hardsigmoid(slope={self.slope:g}, offset={self.offset:g})"
