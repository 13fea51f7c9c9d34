"""A summary of a network: sizes, costs and receptive fields."""

from dataclasses import asdict, dataclass
from math import inf, prod
from typing import Any

from handgrad.arrays import Pair, Shape
from handgrad.layers import (
    AveragePool2d,
    Conv2d,
    GlobalAveragePool2d,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    MaxPool2d,
    Sequential,
)
from handgrad.layers.branches import Branches

BYTES = 4  # of a float32


@dataclass(frozen=True)
class SummaryRow:
    """One layer, named `name`, for one example.

    Units
        output_shape      shape of the output for one example
        parameters        number of trainable parameters
        multiply_adds     products with a weight, each added to a sum
        activation_bytes  bytes of the outputs in float32
        receptive_field   (height, width) in pixels; None if the inputs are not images
    """

    name: str
    layer: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: Pair | None


@dataclass(frozen=True)
class Summary:
    """The `rows` of all layers, first to last, and their totals.

    `input_shape` is the shape of one example.
    """

    input_shape: Shape
    rows: tuple[SummaryRow, ...]

    @property
    def parameters(self) -> int:
        """The number of trainable parameters of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the prediction of one example."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all layers' outputs for one example."""
        return sum(row.activation_bytes for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain values: the input shape, the totals, and `layers` with their values."""
        return {
            "input_shape": self.input_shape,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "activation_bytes": self.activation_bytes,
            "layers": [asdict(row) for row in self.rows],
        }


@dataclass(frozen=True)
class Window:
    """The receptive field of an output along one axis, and the stride between outputs.

    Equations
        outer after inner:  size   = inner.size + (outer.size - 1) * inner.stride
                            stride = inner.stride * outer.stride

    Source
        Araujo, Norris, Sim (2019), Computing receptive fields of convolutional neural
        networks, section 2.
    """

    size: float = 1
    stride: int = 1

    def after(self, inner: "Window") -> "Window":
        """The window of this layer composed with that of the layers before it."""
        size = inner.size + (self.size - 1) * inner.stride
        return Window(size, inner.stride * self.stride)


Windows = tuple[Window, Window]  # height, width
POINT: Windows = (Window(), Window())
EVERYTHING: Windows = (Window(inf), Window(inf))


def summary(model: Sequential, input_shape: Shape) -> Summary:
    """Sizes, costs and receptive fields of each layer, for one example.

    Only products with the weights of linear and convolution layers count as
    multiply-adds; other operations are negligible. A receptive field is at most as
    large as the image: beyond it there is only padding.
    """
    rows, shape, windows = [], input_shape, POINT
    for name, layer in model.layers.items():
        outputs = layer.output_shape(shape)
        windows = after(windows_of(layer), windows)
        parameters = [parameter.shape for parameter in layer.parameters().values()]
        row = SummaryRow(
            name=name,
            layer=type(layer).__name__,
            output_shape=outputs,
            parameters=sum(prod(sizes) for sizes in parameters),
            multiply_adds=multiply_adds(layer, shape),
            activation_bytes=BYTES * prod(outputs),
            receptive_field=within(windows, input_shape),
        )
        rows.append(row)
        shape = outputs
    return Summary(input_shape, tuple(rows))


def multiply_adds(layer: Layer[Any], input_shape: Shape) -> int:
    """The number of multiply-adds in the forward pass of one example.

    Equations
        linear       in_features * out_features
        convolution  out_channels * out_height * out_width
                     * in_channels / groups * kernel_height * kernel_width
    """
    match layer:
        case Linear():
            return prod(layer.weight.shape)
        case Conv2d():
            _, height, width = layer.output_shape(input_shape)
            return prod(layer.weight.shape) * height * width
        case Sequential():
            total, shape = 0, input_shape
            for part in layer.layers.values():
                total += multiply_adds(part, shape)
                shape = part.output_shape(shape)
            return total
        case Branches():
            parts = layer.parts().values()
            return sum(multiply_adds(part, input_shape) for part in parts)
    return 0


def windows_of(layer: Layer[Any]) -> Windows:
    """The window of the layer's inputs that one output depends on: height and width."""
    match layer:
        case Conv2d() | MaxPool2d() | AveragePool2d():
            kernel, stride = layer.windows.reach, layer.stride
            return Window(kernel[0], stride[0]), Window(kernel[1], stride[1])
        case Linear() | GlobalAveragePool2d() | GroupNorm():
            return EVERYTHING
        case Sequential():
            windows = POINT
            for part in layer.layers.values():
                windows = after(windows_of(part), windows)
            return windows
        case Branches():
            sizes = [windows_of(part) for part in layer.parts().values()]
            height, width = zip(*sizes, strict=True)
            return max(height, key=_size), max(width, key=_size)
        case LayerNorm():  # over the channels too, or all of an image
            return EVERYTHING
    return POINT  # elementwise


def after(outer: Windows, inner: Windows) -> Windows:
    """The outer windows composed with the inner ones."""
    return outer[0].after(inner[0]), outer[1].after(inner[1])


def within(windows: Windows, input_shape: Shape) -> Pair | None:
    """The windows in pixels, limited to the image; None if inputs are not images."""
    if len(input_shape) != 3:
        return None
    height, width = (
        int(min(window.size, size))
        for window, size in zip(windows, input_shape[1:], strict=True)
    )
    return height, width


def _size(window: Window) -> float:
    return window.size
