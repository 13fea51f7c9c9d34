"""The layer that lays an example out in one row."""

from math import prod

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Flatten(Layer[Shape]):
    """Lay all numbers of an example out in one row.

    Shapes
        inputs   (batch, ...)
        outputs  (batch, features), features = product of all sizes but the batch

    Equations
        outputs  = inputs, the last axis running fastest
        d_inputs = d_outputs, in the shape of the inputs

    Cache
        the shape of the inputs
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """As many features as there are numbers in an example."""
        return (prod(input_shape),)

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch row"], Shape]:
        """Each example in one row."""
        xp = array_namespace(inputs)
        shape = tuple(inputs.shape)
        return xp.reshape(inputs, (shape[0], prod(shape[1:]))), shape

    def backward(
        self, d_outputs: Float[Array, "batch row"], input_shape: Shape, /
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Each row back in the shape it had."""
        return array_namespace(d_outputs).reshape(d_outputs, input_shape), {}

    def __repr__(self) -> str:
        return "Flatten()"
