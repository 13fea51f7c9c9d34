"""The average pooling layer."""

from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Pair, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.layers.sliding_windows import check_image, show_pair
from handgrad.layers.window_settings import Windowed
from handgrad.randomness import Key


class AveragePool2d(Windowed, Layer[Pair]):
    """Average pooling: the mean of each window.

    ConfigError for a kernel_size or stride below 1, or a padding that is negative or
    more than half the kernel_size; ShapeError from `output_shape` for inputs that are
    not images or are smaller than the window.

    Shapes
        inputs   (batch, channels, height, width), float32 or float64
        outputs  (batch, channels, rows, columns)
                 rows = floor((height + 2 * padding - kernel height) / stride) + 1,
                 and likewise for columns

    Equations
        outputs  = sum over the taps of a window / area
        d_inputs = sum of d_outputs / area over the windows that cover the pixel

        area = kernel height * kernel width, always: the padded zeros are included in
        the mean (count_include_pad=True in PyTorch).

    Cache
        the height and width of the inputs

    Units
        kernel_size, stride, padding  pixels; one number, or a pair (height, width);
                                      the stride is the kernel_size unless given

    Example
        AveragePool2d(2).output_shape((16, 28, 28)) == (16, 14, 14)

    Source
        LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to
        document recognition, section II. Derived in docs/derivations/average_pool2d.md.
    """

    is_pooling = True

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: int | Pair = 0,
    ) -> None:
        stride = kernel_size if stride is None else stride
        self.windows = self._read_windows(kernel_size, stride, padding)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (channels, rows, columns)."""
        check_image(self, input_shape)
        return self.windows.output_shape(self, input_shape[0], input_shape)

    def forward(
        self,
        inputs: Float[Array, "batch channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch channels rows columns"], Pair]:
        """Return the mean of each window."""
        xp = array_namespace(inputs)
        batch, channels, height, width = inputs.shape
        grid = self.windows.grid((height, width))
        images = self.windows.pad(inputs)
        shape = (batch, channels, *grid)
        sums = xp.zeros(shape, dtype=inputs.dtype, device=device(inputs))
        for tap in self.windows.taps(grid):
            sums += images[tap.place]
        return sums / self._area, (height, width)

    def backward(
        self,
        d_outputs: Float[Array, "batch channels rows columns"],
        input_size: Pair,
        /,
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Distribute the gradient of each window equally over its pixels.

        `input_size` is the cache: (height, width) of the inputs.
        """
        batch, channels, *_ = d_outputs.shape
        d_images = self.windows.padded_zeros(
            (batch, channels, *input_size), like=d_outputs
        )
        share = d_outputs / self._area
        for tap in self.windows.taps(d_outputs.shape[2:]):
            d_images[tap.place] += share
        return self.windows.crop(d_images, input_size), {}

    @property
    def _area(self) -> int:
        return self.kernel_size[0] * self.kernel_size[1]

    def __repr__(self) -> str:
        return (
            f"AveragePool2d({show_pair(self.kernel_size)}, "
            f"stride={show_pair(self.stride)}, padding={show_pair(self.padding)})"
        )
