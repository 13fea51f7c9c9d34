"""The global average pooling layer."""

from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Pair, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.layers.sliding_windows import check_image
from handgrad.randomness import Key


class GlobalAveragePool2d(Layer[Pair]):
    """Global average pooling: the mean of each channel over the whole image.

    ShapeError from `output_shape` for inputs that are not images.

    Shapes
        inputs   (batch, channels, height, width), float32 or float64
        outputs  (batch, channels)

    Equations
        outputs  = sum over height and width of inputs / (height * width)
        d_inputs = d_outputs / (height * width), at every pixel

    Cache
        the height and width of the inputs

    Source
        Lin, Chen, Yan (2014), Network in network, section 3.2.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (channels,)."""
        check_image(self, input_shape)
        return (input_shape[0],)

    def forward(
        self,
        inputs: Float[Array, "batch channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch channels"], Pair]:
        """Return the mean of each channel."""
        xp = array_namespace(inputs)
        height, width = inputs.shape[2:]
        return xp.mean(inputs, axis=(2, 3)), (height, width)

    def backward(
        self, d_outputs: Float[Array, "batch channels"], input_size: Pair, /
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Distribute the gradient of each channel equally over its pixels.

        `input_size` is the cache: (height, width) of the inputs.
        """
        xp = array_namespace(d_outputs)
        height, width = input_size
        share = d_outputs[:, :, None, None] / (height * width)
        return xp.tile(share, (1, 1, height, width)), {}

    def __repr__(self) -> str:
        return "GlobalAveragePool2d()"
