"""The convolution or pooling of an ONNX operator with sliding windows.

Padding may be given as numbers or as auto_pad, for the shape of one example.
"""

from typing import Any

from handgrad import layers
from handgrad.arrays import Pair, Shape
from handgrad.interop.onnx_source import (
    Source,
    UnsupportedError,
    attributes,
    check_is,
    has_operand,
    named,
    weight_of,
)
from handgrad.layers import Layer
from handgrad.layers.sliding_windows import Windows
from handgrad.randomness import Key

NO_PADDING = ((0, 0), (0, 0))
KEY = Key(0)  # of initial weights that are replaced at once


def conv2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """The layer of Conv, with its weights."""
    given, weight = attributes(node), weight_of(source, node, 1)
    out_channels, in_channels, *kernel = weight.shape
    size, groups = (kernel[0], kernel[1]), given.get("group", 1)
    dilation = tuple(given.get("dilations", (1, 1)))
    windows = Windows(size, (1, 1), 0, dilation)
    made = layers.Conv2d(
        in_channels * groups,
        out_channels,
        size,
        dilation=dilation,
        groups=groups,
        bias=has_operand(node, 2),
        key=KEY,
        **_steps(node, given, windows.reach, shape),
    )
    made.weight.value = weight
    if made.bias is not None:
        made.bias.value = weight_of(source, node, 2)
    return made


def max_pool2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """The layer of MaxPool."""
    return layers.MaxPool2d(**_window(node, shape))


def average_pool2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """The layer of AveragePool."""
    windows = _window(node, shape)
    is_counted = bool(attributes(node).get("count_include_pad", 0))
    return layers.AveragePool2d(
        **windows, count_include_pad=is_counted or windows["padding"] == NO_PADDING
    )


def _window(node: Any, shape: Shape) -> dict[str, Any]:
    """Settings of a pooling; UnsupportedError for those that it does not have."""
    given = attributes(node)
    kernel = tuple(given["kernel_shape"])
    check_is(node, given, "dilations", [1] * len(kernel))
    steps = _steps(node, given, kernel, shape)
    if any(2 * max(side) > k for side, k in zip(steps["padding"], kernel, strict=True)):
        raise UnsupportedError(f"{named(node)} with padding of more than half a window")
    ceil_mode = bool(given.get("ceil_mode", 0))
    return {"kernel_size": kernel, **steps, "ceil_mode": ceil_mode}


def _steps(
    node: Any, given: dict[str, Any], reach: tuple[int, ...], shape: Shape
) -> dict[str, Any]:
    """Stride and padding; UnsupportedError for windows that are not over images."""
    if len(reach) != 2 or len(shape) != 3:
        raise UnsupportedError(f"{named(node)} of inputs that are not images")
    strides, kind = given.get("strides", [1, 1]), given.get("auto_pad", "NOTSET")
    if kind.startswith("SAME"):
        sides = zip(shape[1:], reach, strides, strict=True)
        return {
            "stride": tuple(strides),
            "padding": tuple(_same(kind, *sizes) for sizes in sides),
        }
    top, left, bottom, right = given.get("pads", [0, 0, 0, 0])
    return {"stride": tuple(strides), "padding": ((top, bottom), (left, right))}


def _same(kind: str, size: int, reach: int, stride: int) -> Pair:
    """Padding (before, after) for ceil(size / stride) windows along one axis."""
    total = max(0, (-(-size // stride) - 1) * stride + reach - size)
    less, more = total // 2, total - total // 2
    return (less, more) if kind == "SAME_UPPER" else (more, less)
