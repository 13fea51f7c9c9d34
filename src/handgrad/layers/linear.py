"""The linear layer."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.initializers import Initializer, he_normal, weight
from handgrad.layers.layer import Layer
from handgrad.layers.optional_bias import weight_and, zeros_if
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.setting import count


class Linear(Layer[Array]):
    """Fully connected layer: a matrix product plus a bias.

    `initializer` draws the weight from `key`; the bias starts at 0, and with bias=False
    there is none. Without a key, the network that contains the layer assigns one, so
    that no two layers start with equal weights.

    ConfigError for sizes that are not integers of at least 1; ResourceError for a
    weight that does not fit into memory; ShapeError from `output_shape` for examples
    that are not (in_features,).

    Shapes
        inputs   (batch, in_features), float32 or float64
        weight   (out_features, in_features), float32; row k: weights of output k
        bias     (out_features,), float32; None with bias=False
        outputs  (batch, out_features)

    Equations
        outputs  = inputs @ weight.T + bias
        d_inputs = d_outputs @ weight
        d_weight = d_outputs.T @ inputs
        d_bias   = sum of d_outputs over the batch

    Cache
        the inputs

    Example
        layer = Linear(784, 10, key=Key(0))
        outputs, cache = layer.forward(np.ones((32, 784), dtype=np.float32))
        d_inputs, gradients = layer.backward(outputs, cache)

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
        bias: bool = True,
        key: Key | None = None,
        initializer: Initializer = he_normal,
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        shape = (self.out_features, self.in_features)
        self.weight = weight(shape, initializer, key)
        self.bias = zeros_if("Linear", bias, self.out_features)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (out_features,)."""
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
        """Return inputs @ weight.T + bias."""
        outputs = inputs @ self.weight.value.T
        if self.bias is not None:
            outputs = outputs + self.bias.value
        return outputs, inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch out_features"],
        inputs: Float[Array, "batch in_features"],
        /,
    ) -> tuple[Float[Array, "batch in_features"], Gradients]:
        """Return the gradients of inputs, weight and bias."""
        xp = array_namespace(d_outputs)
        d_weight = d_outputs.T @ inputs
        d_inputs = d_outputs @ self.weight.value
        if self.bias is None:
            return d_inputs, {"weight": d_weight}
        d_bias = xp.sum(d_outputs, axis=0)
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def parameters(self) -> dict[str, Parameter]:
        """Return the weight and, unless bias=False, the bias."""
        return weight_and(self.bias, self.weight)

    def __repr__(self) -> str:
        no_bias = ", bias=False" if self.bias is None else ""
        return f"Linear({self.in_features}, {self.out_features}{no_bias})"
