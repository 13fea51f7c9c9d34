"""The global average pooling layer."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Pair, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.layers.windows import check_image
from handgrad.randomness import Key


class GlobalAveragePool2d(Layer[Pair]):
    """Keep one number of each map: its mean over the whole image.

    Shapes
        inputs   (batch, channels, height, width)
        outputs  (batch, channels)

    Equations
        outputs  = sum over height and width of inputs / (height * width)
        d_inputs = d_outputs / (height * width), at every pixel

    Cache
        the size of the inputs

    Source
        Lin, Chen, Yan (2014), Network in network, section 3.2.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """One number for each channel."""
        check_image(self, input_shape)
        return (input_shape[0],)

    def forward(
        self,
        inputs: Float[Array, "batch channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch channels"], Pair]:
        """The mean of every map."""
        xp = array_namespace(inputs)
        height, width = inputs.shape[2:]
        return xp.mean(inputs, axis=(2, 3)), (height, width)

    def backward(
        self, d_outputs: Float[Array, "batch channels"], input_size: Pair, /
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Every pixel of a map takes an equal share of its blame."""
        xp = array_namespace(d_outputs)
        height, width = input_size
        share = d_outputs[:, :, None, None] / (height * width)
        return xp.tile(share, (1, 1, height, width)), {}

    def __repr__(self) -> str:
        return "GlobalAveragePool2d()"
