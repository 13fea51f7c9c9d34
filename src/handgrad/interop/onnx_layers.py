"""The layer of each ONNX operator, with its weights.

Each function takes the graph, the operator and the shape of one example, and returns
the layer, or None for an operator that changes nothing. `UnsupportedError` says what a
layer of Handgrad cannot do.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from handgrad import layers
from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.interop.onnx_source import Source, attributes, named
from handgrad.layers import Layer
from handgrad.layers.sliding_windows import Windows
from handgrad.parameter import Parameter
from handgrad.randomness import Key

NO_PADDING = ((0, 0), (0, 0))
KEY = Key(0)  # of initial weights that are replaced at once


class UnsupportedError(Exception):
    """An operator, or one of its attributes, that no layer has."""


Make: TypeAlias = Callable[[Source, Any, Shape], Layer[Any] | None]


def layer_of(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    """The layer of an operator; UnsupportedError if there is none."""
    if node.op_type not in TABLE:
        raise UnsupportedError(named(node))
    return TABLE[node.op_type](source, node, shape)


def _conv2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given, weight = attributes(node), _weight(source, node, 1)
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
        bias=_has(node, 2),
        key=KEY,
        **_steps(node, given, windows.reach, shape),
    )
    made.weight.value = weight
    if made.bias is not None:
        made.bias.value = _weight(source, node, 2)
    return made


def _has(node: Any, place: int) -> bool:
    """Whether an operator has an optional operand."""
    return len(node.input) > place and node.input[place] != ""


def _max_pool2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.MaxPool2d(**_window(node, shape))


def _average_pool2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    windows = _window(node, shape)
    is_counted = bool(attributes(node).get("count_include_pad", 0))
    return layers.AveragePool2d(
        **windows, count_include_pad=is_counted or windows["padding"] == NO_PADDING
    )


def _window(node: Any, shape: Shape) -> dict[str, Any]:
    """Settings of a pooling; UnsupportedError for those that it does not have."""
    given = attributes(node)
    kernel = tuple(given["kernel_shape"])
    _must_be(node, given, "dilations", [1] * len(kernel))
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


def _gemm(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given = attributes(node)
    for name, wanted in (("alpha", 1.0), ("beta", 1.0), ("transA", 0)):
        _must_be(node, given, name, wanted)
    weight = _weight(source, node, 1)
    bias = _weight(source, node, 2) if _has(node, 2) else None
    return _linear(weight if given.get("transB", 0) else weight.T, bias)


def _matmul(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return _linear(_weight(source, node, 1).T, None)


def _linear(weight: NumpyArray, bias: NumpyArray | None) -> Layer[Any]:
    out_features, in_features = weight.shape
    made = layers.Linear(in_features, out_features, bias=bias is not None, key=KEY)
    made.weight.value = np.ascontiguousarray(weight)
    if made.bias is not None and bias is not None:
        made.bias.value = np.ascontiguousarray(np.broadcast_to(bias, out_features))
    return made


def add_bias(layer: layers.Linear, bias: NumpyArray) -> None:
    """Add to the bias of a linear layer, which may have none yet."""
    bias = np.ascontiguousarray(np.broadcast_to(bias, layer.out_features))
    if layer.bias is None:
        layer.bias = Parameter(bias)
    else:
        layer.bias.value = layer.bias.value + bias


def _batch_norm(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given = attributes(node)
    _must_be(node, given, "training_mode", 0)
    kind: Any = layers.BatchNorm2d if len(shape) == 3 else layers.BatchNorm1d
    made = kind(shape[0], eps=float(given.get("epsilon", 1e-5)))
    names = ("weight", "bias", "running_mean", "running_var")
    for place, name in enumerate(names, start=1):
        getattr(made, name).value = _weight(source, node, place)
    return made  # type: ignore[no-any-return]


def _flatten(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    _must_be(node, attributes(node), "axis", 1)
    return layers.Flatten() if len(shape) == 3 else None


def _reshape(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    """A reshape to (batch, features)."""
    wanted = source.constants.get(node.input[1])
    if wanted is None or len(wanted) != 2:
        raise UnsupportedError(f"{named(node)} to another shape than (batch, features)")
    return layers.Flatten() if len(shape) == 3 else None


def _squeeze(source: Source, node: Any, shape: Shape) -> None:
    """What a global average pooling has already done."""
    if len(shape) != 1:
        raise UnsupportedError(named(node))


def _softmax(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    axis = attributes(node).get("axis", -1)
    if len(shape) != 1 or axis not in (1, -1):
        raise UnsupportedError(f"{named(node)} over another axis than the classes")
    return layers.Softmax()


def _leaky_relu(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.LeakyReLU(float(attributes(node).get("alpha", 0.01)))


def _gelu(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.GELU(attributes(node).get("approximate", "none"))


def _plain(kind: type[Any]) -> Make:
    return lambda source, node, shape: kind()


def _nothing(source: Source, node: Any, shape: Shape) -> None:
    """Dropout and Identity change nothing after training."""


def _weight(source: Source, node: Any, place: int) -> NumpyArray:
    """A constant operand, float32."""
    found = source.constants.get(node.input[place])
    if found is None:
        raise UnsupportedError(f"{named(node)} with weights that are computed")
    return np.ascontiguousarray(found, dtype=np.float32)


def _must_be(node: Any, given: dict[str, Any], name: str, wanted: Any) -> None:
    value = given.get(name, wanted)
    if value != wanted:
        raise UnsupportedError(f"{named(node)} with {name}={value}")


TABLE: dict[str, Make] = {
    "AveragePool": _average_pool2d,
    "BatchNormalization": _batch_norm,
    "Conv": _conv2d,
    "Dropout": _nothing,
    "Flatten": _flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _plain(layers.GlobalAveragePool2d),
    "Identity": _nothing,
    "LeakyRelu": _leaky_relu,
    "MatMul": _matmul,
    "MaxPool": _max_pool2d,
    "Relu": _plain(layers.ReLU),
    "Reshape": _reshape,
    "Sigmoid": _plain(layers.Sigmoid),
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Tanh": _plain(layers.Tanh),
}
