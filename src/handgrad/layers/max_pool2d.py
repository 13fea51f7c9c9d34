"""The max pooling layer."""

from math import inf
from typing import NamedTuple

from array_api_compat import device
from jaxtyping import Float, Int

from handgrad.arrays import Array, Gradients, Padding, Pair, Shape, array_namespace
from handgrad.layers.layer import Layer
from handgrad.layers.sliding_windows import check_image
from handgrad.layers.window_settings import Pooled
from handgrad.randomness import Key


class MaxPool2dCache(NamedTuple):
    """Cache of max pooling."""

    winners: Array  # argmax of each window, as row * kernel width + column
    input_size: Pair


class MaxPool2d(Pooled, Layer[MaxPool2dCache]):
    """Max pooling: the largest value of each window.

    ConfigError for a kernel_size or stride below 1, or a padding that is negative or
    more than half the kernel_size; ShapeError from `output_shape` for inputs that are
    not images or are smaller than the window.

    Shapes
        inputs   (batch, channels, height, width), float32 or float64
        outputs  (batch, channels, rows, columns)
                 rows = floor((height + 2 * padding - kernel height) / stride) + 1,
                 and likewise for columns; rounded up with ceil_mode, without
                 windows that would start behind the image
        winners  (batch, channels, rows, columns), integers: the tap of each maximum

    Equations
        outputs  = max over the taps of a window
        d_inputs = sum of d_outputs over the windows whose maximum is this pixel

        Padding counts as -infinity and is never the maximum. A tie goes to the first
        of the equal values in row-major order. A NaN counts as larger than any number,
        and the last NaN of a window is taken, so NaN propagates to the outputs.

    Cache
        winners, and the height and width of the inputs

    Units
        kernel_size, stride, padding  pixels; one number, or a pair (height, width);
                                      the stride is the kernel_size unless given; for
                                      other padding on opposite sides,
                                      ((top, bottom), (left, right))

    Example
        MaxPool2d(2).output_shape((16, 28, 28)) == (16, 14, 14)

    Source
        Ranzato, Huang, Boureau, LeCun (2007), Unsupervised learning of invariant
        feature hierarchies. Derived in docs/derivations/max_pool2d.md.
    """

    def __init__(
        self,
        kernel_size: int | Pair,
        *,
        stride: int | Pair | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
    ) -> None:
        stride = kernel_size if stride is None else stride
        self.windows = self._read_windows(
            kernel_size, stride, padding, ceil_mode=ceil_mode
        )

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
    ) -> tuple[Float[Array, "batch channels rows columns"], MaxPool2dCache]:
        """Return the maximum of each window; its tap is in the cache."""
        xp = array_namespace(inputs)
        batch, channels, height, width = inputs.shape
        grid = self.windows.grid((height, width), self)
        images = self.windows.pad(inputs, -inf)
        winners = xp.broadcast_to(self._first_taps(inputs), (batch, channels, *grid))
        outputs = xp.full_like(inputs[:, :, :1, :1], -inf)
        for tap in self.windows.taps(grid):
            pixels = images[tap.place]
            is_larger = (pixels > outputs) | xp.isnan(pixels)
            outputs = xp.where(is_larger, pixels, outputs)
            winners = xp.where(
                is_larger, self._number(tap.row, tap.column, winners), winners
            )
        return outputs, MaxPool2dCache(winners, (height, width))

    def backward(
        self,
        d_outputs: Float[Array, "batch channels rows columns"],
        cache: MaxPool2dCache,
        /,
    ) -> tuple[Float[Array, "batch channels height width"], Gradients]:
        """Route the gradient of each window to the pixel of its maximum."""
        xp = array_namespace(d_outputs)
        batch, channels, *_ = d_outputs.shape
        d_images = self.windows.padded_zeros(
            (batch, channels, *cache.input_size), like=d_outputs
        )
        zero = xp.zeros_like(d_outputs)
        for tap in self.windows.taps(d_outputs.shape[2:]):
            is_max = cache.winners == tap.row * self.kernel_size[1] + tap.column
            d_images[tap.place] += xp.where(is_max, d_outputs, zero)
        return self.windows.crop(d_images, cache.input_size), {}

    def _first_taps(
        self, inputs: Float[Array, "batch channels height width"]
    ) -> Int[Array, "rows columns"]:
        """First tap of each window inside the image: the initial argmax."""
        xp = array_namespace(inputs)
        rows, columns = (
            xp.arange(count, dtype=xp.int32, device=device(inputs))
            for count in self.windows.grid(inputs.shape[2:])
        )
        (top, _), (left, _) = self.windows.borders
        row = xp.clip(top - self.stride[0] * rows, 0)
        column = xp.clip(left - self.stride[1] * columns, 0)
        return row[:, None] * self.kernel_size[1] + column[None, :]

    def _number(self, row: int, column: int, like: Int[Array, "..."]) -> Array:
        xp = array_namespace(like)
        number = row * self.kernel_size[1] + column
        return xp.asarray(number, dtype=like.dtype, device=device(like))

    def __repr__(self) -> str:
        return f"MaxPool2d({self._shown()})"
