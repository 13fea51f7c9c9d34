"""The flatten layer."""

from math import prod

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Flatten(Layer[Shape]):
    """Reshape each example to a vector.

    Shapes
        inputs   (batch, ...), any dtype
        outputs  (batch, features), features = product of all sizes but the batch

    Equations
        outputs  = inputs, the last axis varying fastest (C order)
        d_inputs = d_outputs, in the shape of the inputs

    Cache
        the shape of the inputs

    Example
        Flatten().output_shape((16, 4, 4)) == (256,)

    Source
        Zhang, Lipton, Li, Smola (2023), Dive into Deep Learning, section 7.6.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (features,)."""
        return (prod(input_shape),)

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch row"], Shape]:
        """Return each example as a vector."""
        xp = array_namespace(inputs)
        shape = tuple(inputs.shape)
        return xp.reshape(inputs, (shape[0], prod(shape[1:]))), shape

    def backward(
        self, d_outputs: Float[Array, "batch row"], input_shape: Shape, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Reshape the gradient to `input_shape`, the cache."""
        return array_namespace(d_outputs).reshape(d_outputs, input_shape), {}

    def __repr__(self) -> str:
        return "Flatten()"
