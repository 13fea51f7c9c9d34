"""The softmax as a layer of its own."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key


class Softmax(Layer[Array]):
    """Turn the numbers of the last axis into probabilities.

    To train a classifier take the loss SoftmaxCrossEntropy, which has its softmax
    inside and divides by no probability.

    Shapes
        inputs, outputs  (batch, ..., classes)

    Equations
        outputs  = exp(inputs - largest) / sum over classes of exp(inputs - largest)
        d_inputs = outputs * (d_outputs - sum over classes of d_outputs * outputs)

        `largest` is the largest input of its row: no exponent is above 0.

    Cache
        the outputs

    Source
        Bridle (1990), Probabilistic interpretation of feedforward classification
        network outputs. Derived in docs/derivations/softmax.md.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Unchanged."""
        if not input_shape:
            raise ShapeError(
                f"{self} takes examples of at least one axis, got {input_shape}. "
                "Put the classes on the last axis."
            )
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features classes"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features classes"], Array]:
        """Each class's share of its row."""
        xp = array_namespace(inputs)
        powers = xp.exp(inputs - xp.max(inputs, axis=-1, keepdims=True))
        outputs = powers / xp.sum(powers, axis=-1, keepdims=True)
        return outputs, outputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features classes"],
        outputs: Float[Array, "batch *features classes"],
        /,
    ) -> tuple[Float[Array, "batch *features classes"], Gradients]:
        """What a class gains above the mean, in the measure of its probability."""
        xp = array_namespace(outputs)
        mean = xp.sum(d_outputs * outputs, axis=-1, keepdims=True)
        return outputs * (d_outputs - mean), {}

    def __repr__(self) -> str:
        return "Softmax()"
