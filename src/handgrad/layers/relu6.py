"""The rectified linear unit with a maximum of 6."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class ReLU6(Layer[Array]):
    """Rectified linear unit with a maximum: inputs, clipped to 0 to 6.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = min(max(inputs, 0), 6)
        d_inputs = d_outputs where 0 < outputs < 6, else 0
                   (at exactly 0 and 6 the slope is taken to be 0)

    Cache
        the outputs

    Source
        Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10.
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
        """Return the inputs, clipped to 0 to 6."""
        outputs = clipped(inputs, 6)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        outputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs where the inputs were not clipped, and 0 elsewhere."""
        xp = array_namespace(outputs)
        inside = (outputs > 0) & (outputs < 6)
        return xp.where(inside, d_outputs, xp.zeros_like(d_outputs)), {}

    def __repr__(self) -> str:
        return "ReLU6()"


def clipped(values: Array, most: float) -> Array:
    """Values from 0 to `most`; a NaN stays a NaN."""
    xp = array_namespace(values)
    positive = xp.where(values < 0, xp.zeros_like(values), values)
    return xp.where(positive > most, xp.full_like(values, most), positive)
