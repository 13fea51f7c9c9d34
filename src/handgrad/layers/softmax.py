"""The softmax layer."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Softmax(Layer[Array]):
    """Softmax over the last axis: positive outputs that sum to 1.

    To train a classifier, use `SoftmaxCrossEntropy`, which takes logits: computed
    together, softmax and logarithm stay finite where a probability underflows to 0.
    This layer is for networks that need the probabilities themselves.

    ShapeError from `output_shape` for examples of shape ().

    Shapes
        inputs, outputs  (batch, ..., classes), float32 or float64

    Equations
        shifted  = inputs - max of the row      (prevents overflow; cancels out)
        outputs  = exp(shifted) / sum of exp(shifted) over the row
        d_inputs = outputs * (d_outputs - sum of d_outputs * outputs over the row)

    Cache
        the outputs

    Source
        Bishop (2006), Pattern Recognition and Machine Learning, section 4.3.4. Derived
        in docs/derivations/softmax.md.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        if not input_shape:
            raise ShapeError(
                "Softmax() takes examples of shape (..., classes), got (). "
                "Give each example at least one axis."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *rows classes"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *rows classes"], Array]:
        """Return the probabilities."""
        xp = array_namespace(inputs)
        shifted = inputs - xp.max(inputs, axis=-1, keepdims=True)
        exponentials = xp.exp(shifted)
        outputs = exponentials / xp.sum(exponentials, axis=-1, keepdims=True)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *rows classes"],
        outputs: Float[Array, "batch *rows classes"],
        /,
    ) -> tuple[Float[Array, "batch *rows classes"], Gradients]:
        """Multiply d_outputs by the Jacobian without forming it."""
        xp = array_namespace(outputs)
        expected = xp.sum(d_outputs * outputs, axis=-1, keepdims=True)
        return outputs * (d_outputs - expected), {}

    def __repr__(self) -> str:
        return "Softmax()"
