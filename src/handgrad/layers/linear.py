"""The linear layer."""

import numpy as np
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.initializers import Initializer, he_normal, weight
from handgrad.layers.layer import Layer
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.setting import count


class Linear(Layer[Array]):
    """Every output is a weighted sum of all inputs, plus a bias.

    Shapes
        inputs   (batch, in_features)
        weight   (out_features, in_features)    row k is what output k looks for
        bias     (out_features,)
        outputs  (batch, out_features)

    Equations
        outputs  = inputs @ weight.T + bias
        d_inputs = d_outputs @ weight
        d_weight = d_outputs.T @ inputs
        d_bias   = sum of d_outputs over the batch

    Cache
        the inputs

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 6.5.
    """

    in_features = count()
    out_features = count()

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        key: Key | None = None,
        initializer: Initializer = he_normal,
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        shape = (self.out_features, self.in_features)
        self.weight = weight(shape, initializer, key)
        self.bias = Parameter(np.zeros(self.out_features, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """One number for each output feature."""
        if input_shape != (self.in_features,):
            hint = " For images, put a Flatten layer before it."
            raise ShapeError(
                f"{self} takes examples of shape ({self.in_features},), "
                f"got {input_shape}.{hint if len(input_shape) > 1 else ''}"
            )
        return (self.out_features,)

    def forward(
        self,
        inputs: Float[Array, "batch in_features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch out_features"], Array]:
        """Weighted sums, one for each output feature."""
        outputs = inputs @ self.weight.value.T + self.bias.value
        return outputs, inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch out_features"],
        inputs: Float[Array, "batch in_features"],
        /,
    ) -> tuple[Float[Array, "batch in_features"], Gradients]:
        """Blame flows back along the same weights that carried the inputs."""
        xp = array_namespace(d_outputs)
        d_weight = d_outputs.T @ inputs
        d_bias = xp.sum(d_outputs, axis=0)
        d_inputs = d_outputs @ self.weight.value
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def parameters(self) -> dict[str, Parameter]:
        """The weight and the bias."""
        return {"weight": self.weight, "bias": self.bias}

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features})"
