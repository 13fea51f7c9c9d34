"""The average pooling layer."""

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import (
    Array,
    Gradients,
    Padding,
    Pair,
    Shape,
    array_like,
    array_namespace,
)
from handgrad.layers.layer import Layer
from handgrad.layers.sliding_windows import check_image
from handgrad.layers.window_settings import Pooled
from handgrad.randomness import Key
from handgrad.setting import true_or_false


class AveragePool2d(Pooled, Layer[Pair]):
    """Average pooling: the mean of each window.

    ConfigError for a kernel_size or stride below 1, or a padding that is negative or
    more than half the kernel_size; ShapeError from `output_shape` for inputs that are
    not images or are smaller than the window.

    Shapes
        inputs   (batch, channels, height, width), float32 or float64
        outputs  (batch, channels, rows, columns)
                 rows = floor((height + 2 * padding - kernel height) / stride) + 1,
                 and likewise for columns; rounded up with ceil_mode, without
                 windows that would start behind the image

    Equations
        outputs  = sum over the taps of a window / area
        d_inputs = sum of d_outputs / area over the windows that cover the pixel

        area = kernel height * kernel width: the padded zeros are included in the mean.
        With count_include_pad=False, area is the number of pixels of the window that
        lie in the image. What ceil_mode adds behind the padding is never included.

    Cache
        the height and width of the inputs

    Units
        kernel_size, stride, padding  pixels; one number, or a pair (height, width);
                                      the stride is the kernel_size unless given; for
                                      other padding on opposite sides,
                                      ((top, bottom), (left, right))

    Example
        AveragePool2d(2).output_shape((16, 28, 28)) == (16, 14, 14)

    Source
        LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to
        document recognition, section II. Derived in docs/derivations/average_pool2d.md.
    """

    count_include_pad = true_or_false()

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        stride = kernel_size if stride is None else stride
        self.windows = self._read_windows(
            kernel_size, stride, padding, ceil_mode=ceil_mode
        )
        self.count_include_pad = count_include_pad

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
        grid = self.windows.grid((height, width), self)
        images = self.windows.pad(inputs)
        shape = (batch, channels, *grid)
        sums = xp.zeros(shape, dtype=inputs.dtype, device=device(inputs))
        for tap in self.windows.taps(grid):
            sums += images[tap.place]
        return sums / self._area((height, width), sums), (height, width)

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
        share = d_outputs / self._area(input_size, d_outputs)
        for tap in self.windows.taps(d_outputs.shape[2:]):
            d_images[tap.place] += share
        return self.windows.crop(d_images, input_size), {}

    def _area(self, size: Pair, like: Array) -> Array:
        """Pixels in the mean of each window: (rows, columns), or one number."""
        kernel, windows = self.kernel_size, self.windows
        if self.count_include_pad and not self.ceil_mode:
            return kernel[0] * kernel[1]
        down, across = map(self._counts, size, windows.grid(size), kernel, (0, 1))
        return array_like(np.outer(down, across), like)

    def _counts(self, length: int, count: int, kernel: int, axis: int) -> list[int]:
        """The same of each window along one axis."""
        before, after = self.windows.borders[axis]
        first, end = before, before + length
        if self.count_include_pad:
            first, end = 0, end + after
        starts = range(0, count * self.stride[axis], self.stride[axis])
        return [min(start + kernel, end) - max(start, first) for start in starts]

    def __repr__(self) -> str:
        text = "" if self.count_include_pad else ", count_include_pad=False"
        return f"AveragePool2d({self._shown()}{text})"
