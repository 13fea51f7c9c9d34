"""The convolution layer."""

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Pair, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.initializers import Initializer, he_normal, weight
from handgrad.layers.layer import Layer
from handgrad.layers.sliding_windows import check_image, show_pair
from handgrad.layers.window_settings import Windowed
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.setting import count

CHANNELS_HINT = "Give, for example, 1 for grey images or 3 for colour."


class Conv2d(Windowed, Layer[Array]):
    """Two-dimensional convolution (cross-correlation: the kernel is not flipped).

    A tap is one (row, column) of the kernel. `pixels[tap]` holds the pixels under that
    tap, for each channel, image and window: one tap's rows of the im2col matrix.
    `padding` adds a border of zeros. `initializer` draws the weight from `key`; the
    bias starts at 0. Without a key, the network that contains the layer assigns one.

    ConfigError for channels or a kernel_size or stride below 1, or a negative padding;
    ResourceError for a weight that does not fit into memory; ShapeError from
    `output_shape` for inputs that are not images, have other channels, or are smaller
    than the kernel.

    Shapes
        inputs   (batch, in_channels, height, width), float32 or float64
        weight   (out_channels, in_channels, kernel height, kernel width), float32;
                 weight[k] is the kernel of output channel k
        bias     (out_channels,), float32
        outputs  (batch, out_channels, rows, columns)
                 rows = floor((height + 2 * padding - kernel height) / stride) + 1,
                 and likewise for columns
        pixels   (in_channels, batch * rows * columns); in the equations, d_outputs
                 and outputs are (out_channels, batch * rows * columns)

    Equations
        outputs        = sum over taps of weight[:, :, tap] @ pixels[tap], + bias
        d_pixels[tap]  = weight[:, :, tap].T @ d_outputs
        d_inputs       = sum of d_pixels[tap] over the taps that cover the pixel
        d_weight[tap]  = d_outputs @ pixels[tap].T
        d_bias         = sum of d_outputs over batch, rows and columns

    Cache
        the inputs

    Units
        kernel_size, stride, padding  pixels; one number, or a pair (height, width)

    Example
        Conv2d(3, 16, 3, padding=1).output_shape((3, 32, 32)) == (16, 32, 32)

    Source
        LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to
        document recognition, section II. Derived in docs/derivations/conv2d.md.
    """

    in_channels = count(CHANNELS_HINT)
    out_channels = count(CHANNELS_HINT)

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: int | Pair = 0,
        key: Key | None = None,
        initializer: Initializer = he_normal,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.windows = self._read_windows(kernel_size, stride, padding)
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        self.weight = weight(shape, initializer, key)
        self.bias = Parameter(np.zeros(self.out_channels, dtype=np.float32))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (out_channels, rows, columns)."""
        check_image(self, input_shape)
        if input_shape[0] != self.in_channels:
            raise ShapeError(
                f"{self} takes images of {self.in_channels} channels, got "
                f"{input_shape[0]} in {input_shape}. Set in_channels={input_shape[0]}."
            )
        return self.windows.output_shape(self, self.out_channels, input_shape)

    def forward(
        self,
        inputs: Float[Array, "batch in_channels height width"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch out_channels rows columns"], Array]:
        """Convolve the inputs with each kernel and add the bias."""
        xp = array_namespace(inputs)
        batch, _, height, width = inputs.shape
        rows, columns = self.windows.grid((height, width))
        images = self.windows.pad(channels_first(inputs))
        shape = (self.out_channels, batch * rows * columns)
        outputs = xp.zeros(shape, dtype=inputs.dtype, device=device(inputs))
        for tap in self.windows.taps((rows, columns)):
            pixels = xp.reshape(images[tap.place], (self.in_channels, -1))
            outputs += product(self._weight_of(tap.row, tap.column), pixels)
        outputs += self.bias.value[:, None]
        outputs = xp.reshape(outputs, (self.out_channels, batch, rows, columns))
        return channels_first(outputs), inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch out_channels rows columns"],
        inputs: Float[Array, "batch in_channels height width"],
        /,
    ) -> tuple[Float[Array, "batch in_channels height width"], Gradients]:
        """Return the gradients of inputs, weight and bias."""
        xp = array_namespace(d_outputs)
        batch, _, height, width = inputs.shape
        rows, columns = d_outputs.shape[2:]
        images = self.windows.pad(channels_first(inputs))
        d_images = self.windows.padded_zeros(
            (self.in_channels, batch, height, width), like=inputs
        )
        d_sums = xp.reshape(channels_first(d_outputs), (self.out_channels, -1))
        d_taps = []
        for tap in self.windows.taps((rows, columns)):
            pixels = xp.reshape(images[tap.place], (self.in_channels, -1))
            d_taps.append(d_sums @ pixels.T)
            d_pixels = product(self._weight_of(tap.row, tap.column).T, d_sums)
            d_images[tap.place] += xp.reshape(
                d_pixels, (self.in_channels, batch, rows, columns)
            )
        d_inputs = channels_first(self.windows.crop(d_images, (height, width)))
        d_weight = xp.reshape(xp.stack(d_taps, axis=-1), self.weight.shape)
        return d_inputs, {"weight": d_weight, "bias": xp.sum(d_sums, axis=1)}

    def parameters(self) -> dict[str, Parameter]:
        """Return the weight and the bias."""
        return {"weight": self.weight, "bias": self.bias}

    def _weight_of(self, row: int, column: int) -> Array:
        """The (out_channels, in_channels) weights of one tap, contiguous for BLAS."""
        weight = self.weight.value
        xp = array_namespace(weight)
        return xp.asarray(weight[:, :, row, column], copy=True)

    def __repr__(self) -> str:
        return (
            f"Conv2d({self.in_channels}, {self.out_channels}, "
            f"{show_pair(self.kernel_size)}, stride={show_pair(self.stride)}, "
            f"padding={show_pair(self.padding)})"
        )


def channels_first(images: Array) -> Array:
    """Swap the batch and channel axes; returns a view, and is its own inverse."""
    return array_namespace(images).permute_dims(images, (1, 0, 2, 3))


def product(left: Array, right: Array) -> Array:
    """Matrix product."""
    # For an inner dimension of 1 (grey images) BLAS takes six times as long.
    return left * right if left.shape[1] == 1 else left @ right
