"""The convolution layer."""

import numpy as np
from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Pair, Shape, array_namespace
from handgrad.errors import ShapeError
from handgrad.initializers import Initializer, he_normal, weight
from handgrad.layers.layer import Layer
from handgrad.layers.windowed import Windowed
from handgrad.layers.windows import check_image, show_pair
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.setting import count

CHANNELS_HINT = "Give, for example, 1 for grey images or 3 for colour."


class Conv2d(Windowed, Layer[Array]):
    """Look for the same small patterns at every place of an image.

    A tap is one (row, column) of the kernel. `seen[tap]` are the pixels that it sees:
    one for each channel, image and place of the kernel. The image stands in a border
    of zeros, `padding` wide. The kernel is not turned around: what the field calls a
    convolution is a correlation.

    Shapes
        inputs   (batch, in_channels, height, width)
        weight   (out_channels, in_channels, kernel height, kernel width)
                 weight[k] is the pattern that map k looks for
        bias     (out_channels,)
        outputs  (batch, out_channels, rows, columns)
                 rows = floor((height + 2 * padding - kernel height) / stride) + 1,
                 columns alike
        seen     (in_channels, batch * rows * columns)     inside, as is `outputs`

    Equations
        outputs       = sum over taps of weight[:, :, tap] @ seen[tap], + bias
        d_seen[tap]   = weight[:, :, tap].T @ d_outputs
        d_inputs      = sum of d_seen[tap] over the taps that saw the pixel
        d_weight[tap] = d_outputs @ seen[tap].T
        d_bias        = sum of d_outputs over batch, rows and columns

    Cache
        the inputs

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
        """One map for each output channel, one number for each place of the kernel."""
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
        """How much of each pattern there is, at each place."""
        xp = array_namespace(inputs)
        batch, _, height, width = inputs.shape
        rows, columns = self.windows.grid((height, width))
        images = self.windows.pad(channels_first(inputs))
        shape = (self.out_channels, batch * rows * columns)
        outputs = xp.zeros(shape, dtype=inputs.dtype, device=device(inputs))
        for tap in self.windows.taps((rows, columns)):
            seen = xp.reshape(images[tap.place], (self.in_channels, -1))
            outputs += product(self._weight_of(tap.row, tap.column), seen)
        outputs += self.bias.value[:, None]
        outputs = xp.reshape(outputs, (self.out_channels, batch, rows, columns))
        return channels_first(outputs), inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch out_channels rows columns"],
        inputs: Float[Array, "batch in_channels height width"],
        /,
    ) -> tuple[Float[Array, "batch in_channels height width"], Gradients]:
        """Each tap sends blame back to the pixels it saw."""
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
            seen = xp.reshape(images[tap.place], (self.in_channels, -1))
            d_taps.append(d_sums @ seen.T)
            d_seen = product(self._weight_of(tap.row, tap.column).T, d_sums)
            d_images[tap.place] += xp.reshape(
                d_seen, (self.in_channels, batch, rows, columns)
            )
        d_inputs = channels_first(self.windows.crop(d_images, (height, width)))
        d_weight = xp.reshape(xp.stack(d_taps, axis=-1), self.weight.shape)
        return d_inputs, {"weight": d_weight, "bias": xp.sum(d_sums, axis=1)}

    def parameters(self) -> dict[str, Parameter]:
        """The weight and the bias."""
        return {"weight": self.weight, "bias": self.bias}

    def _weight_of(self, row: int, column: int) -> Array:
        """The (out_channels, in_channels) weights of one tap, packed as BLAS needs."""
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
    """Swap the batch and the channels, there and back; nothing is moved in memory."""
    return array_namespace(images).permute_dims(images, (1, 0, 2, 3))


def product(left: Array, right: Array) -> Array:
    """The matrix product."""
    # BLAS takes six times as long as this for a sum of one term (grey images).
    return left * right if left.shape[1] == 1 else left @ right
