"""The convolution layer."""

from array_api_compat import device
from jaxtyping import Float

from handgrad.arrays import Array, Gradients, Padding, Pair, Shape, array_namespace
from handgrad.errors import ConfigError, ShapeError
from handgrad.initializers import Initializer, he_normal, weight
from handgrad.layers.layer import Layer
from handgrad.layers.optional_bias import weight_and, zeros_if
from handgrad.layers.sliding_windows import check_image
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
    bias starts at 0, and with bias=False there is none. Without a key, the network that
    contains the layer assigns one. `groups` divides the channels into that many groups,
    and each group of outputs sees only its group of inputs; with groups=in_channels the
    convolution is depthwise.

    ConfigError for channels, groups or a kernel_size, stride or dilation below 1, a
    negative padding, or channels that groups does not divide; ResourceError for a
    weight that does not fit into memory; ShapeError from `output_shape` for inputs that
    are not images, have other channels, or are smaller than the kernel.

    Shapes
        inputs   (batch, in_channels, height, width), float32 or float64
        weight   (out_channels, in_channels / groups, kernel height, kernel width),
                 float32; weight[k] is the kernel of output channel k
        bias     (out_channels,), float32; None with bias=False
        outputs  (batch, out_channels, rows, columns)
                 rows = floor((height + 2 * padding - reach) / stride) + 1,
                 reach = (kernel height - 1) * dilation + 1,
                 and likewise for columns
        pixels   (in_channels, batch * rows * columns); in the equations, d_outputs
                 and outputs are (out_channels, batch * rows * columns)

    Equations
        outputs        = sum over taps of weight[:, :, tap] @ pixels[tap], + bias
        d_pixels[tap]  = weight[:, :, tap].T @ d_outputs
        d_inputs       = sum of d_pixels[tap] over the taps that cover the pixel
        d_weight[tap]  = d_outputs @ pixels[tap].T
        d_bias         = sum of d_outputs over batch, rows and columns

        With groups, these are the equations of each group: its channels of pixels, and
        its rows of weight, outputs and d_outputs.

    Cache
        the inputs

    Units
        kernel_size, stride, padding  pixels; one number, or a pair (height, width);
                                      for other padding on opposite sides,
                                      ((top, bottom), (left, right))
        dilation                      distance of neighbouring taps in pixels, likewise

    Example
        Conv2d(3, 16, 3, padding=1).output_shape((3, 32, 32)) == (16, 32, 32)

    Source
        LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to
        document recognition, section II. Derived in docs/derivations/conv2d.md.
    """

    in_channels = count(CHANNELS_HINT)
    out_channels = count(CHANNELS_HINT)
    groups = count()

    def __init__(  # noqa: PLR0913 (all settings of a convolution)
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Pair,
        *,
        stride: int | Pair = 1,
        padding: Padding = 0,
        dilation: int | Pair = 1,
        groups: int = 1,
        bias: bool = True,
        key: Key | None = None,
        initializer: Initializer = he_normal,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        check_groups("Conv2d", self.groups, self.in_channels, self.out_channels)
        self.windows = self._read_windows(kernel_size, stride, padding, dilation)
        of_each = self.in_channels // self.groups
        shape = (self.out_channels, of_each, *self.kernel_size)
        self.weight = weight(shape, initializer, key)
        self.bias = zeros_if("Conv2d", bias, self.out_channels)

    @property
    def dilation(self) -> Pair:
        """Distance between neighbouring taps, down and to the right, in pixels."""
        return self.windows.dilation

    @dilation.setter
    def dilation(self, value: int | Pair) -> None:
        self._change(dilation=value)

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
        rows, columns = self.windows.grid((height, width), self)
        images = self.windows.pad(channels_first(inputs))
        place = batch * rows * columns
        shape = (*self._front, self.out_channels // self.groups, place)
        outputs = xp.zeros(shape, dtype=inputs.dtype, device=device(inputs))
        for tap in self.windows.taps((rows, columns)):
            pixels = self._by_groups(images[tap.place])
            outputs += product(self._weight_of(tap.row, tap.column), pixels)
        if self.bias is not None:
            outputs += xp.reshape(self.bias.value, (*self._front, -1, 1))
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
        d_sums = self._by_groups(channels_first(d_outputs))
        d_taps = []
        for tap in self.windows.taps((rows, columns)):
            pixels = self._by_groups(images[tap.place])
            d_taps.append(d_sums @ pixels.mT)
            d_pixels = product(self._weight_of(tap.row, tap.column).mT, d_sums)
            d_images[tap.place] += xp.reshape(
                d_pixels, (self.in_channels, batch, rows, columns)
            )
        d_inputs = channels_first(self.windows.crop(d_images, (height, width)))
        d_weight = xp.reshape(xp.stack(d_taps, axis=-1), self.weight.shape)
        if self.bias is None:
            return d_inputs, {"weight": d_weight}
        d_bias = xp.reshape(xp.sum(d_sums, axis=-1), (-1,))
        return d_inputs, {"weight": d_weight, "bias": d_bias}

    def parameters(self) -> dict[str, Parameter]:
        """Return the weight and, unless bias=False, the bias."""
        return weight_and(self.bias, self.weight)

    @property
    def _front(self) -> Shape:
        """The axis of the groups; none for one group, whose products are matrices."""
        return () if self.groups == 1 else (self.groups,)

    def _by_groups(self, images: Array) -> Array:
        """Images with the channels first as ([groups,] channels of each, numbers)."""
        shape = (*self._front, images.shape[0] // self.groups, -1)
        return array_namespace(images).reshape(images, shape)

    def _weight_of(self, row: int, column: int) -> Array:
        """One tap: ([groups,] outputs of each, inputs of each), contiguous for BLAS."""
        weight = self.weight.value
        xp = array_namespace(weight)
        tap = xp.asarray(weight[:, :, row, column], copy=True)
        return xp.reshape(tap, (*self._front, -1, tap.shape[1]))

    def __repr__(self) -> str:
        text = f"Conv2d({self.in_channels}, {self.out_channels}, {self._shown()}"
        if self.groups > 1:
            text += f", groups={self.groups}"
        return f"{text}, bias=False)" if self.bias is None else f"{text})"


def check_groups(owner: str, groups: int, *channels: int) -> None:
    """ConfigError unless the groups divide each of these numbers of channels."""
    for number in channels:
        if number % groups:
            raise ConfigError(
                f"{owner} takes groups that divide its channels, got groups={groups} "
                f"for {number} channels. Give a divisor of {number}."
            )


def channels_first(images: Array) -> Array:
    """Swap the batch and channel axes; returns a view, and is its own inverse."""
    return array_namespace(images).permute_dims(images, (1, 0, 2, 3))


def product(left: Array, right: Array) -> Array:
    """Matrix products, one for each group."""
    # For an inner dimension of 1 (grey images) BLAS takes six times as long.
    return left * right if left.shape[-1] == 1 else left @ right
