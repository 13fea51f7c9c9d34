"""The layer of each ONNX operator, with its weights.

Each function takes the graph, the operator and the shape of one example, and returns
the layer, or None for an operator that changes nothing. `UnsupportedError` says what a
layer of Handgrad cannot do.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from handgrad import layers
from handgrad.arrays import NumpyArray, Shape
from handgrad.interop import onnx_windows
from handgrad.interop.onnx_source import (
    Source,
    UnsupportedError,
    attributes,
    axes_of,
    check_is,
    has_operand,
    named,
    rank_of,
    weight_of,
)
from handgrad.interop.onnx_windows import KEY
from handgrad.layers import Layer
from handgrad.parameter import Parameter

FROM_LAST = 13  # version in which softmax became one over the last axis

Make: TypeAlias = Callable[[Source, Any, Shape], Layer[Any] | None]


def layer_of(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    """The layer of an operator; UnsupportedError if there is none."""
    if node.op_type not in TABLE:
        raise UnsupportedError(named(node))
    return TABLE[node.op_type](source, node, shape)


def _conv2d(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """A convolution; a linear layer where an image has been averaged to one pixel."""
    weight, given = weight_of(source, node, 1), attributes(node)
    if weight.ndim != 4:
        raise UnsupportedError(f"{named(node)} of inputs that are not images")
    is_plain = given.get("group", 1) == 1 and not any(given.get("pads", ()))
    if len(shape) != 1 or weight.shape[2:] != (1, 1) or not is_plain:
        return onnx_windows.conv2d(source, node, shape)
    bias = weight_of(source, node, 2) if has_operand(node, 2) else None
    return _linear(weight[:, :, 0, 0], bias)


def _gemm(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given = attributes(node)
    check_is(node, given, "transA", 0)
    weight = given.get("alpha", 1.0) * weight_of(source, node, 1)
    bias = None
    if has_operand(node, 2):
        bias = given.get("beta", 1.0) * weight_of(source, node, 2)
        if bias.ndim and bias.size > bias.shape[-1]:
            raise UnsupportedError(f"{named(node)} with a bias for each example")
        bias = bias.reshape(-1)
    return _linear(weight if given.get("transB", 0) else weight.T, bias)


def _matmul(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    weight = weight_of(source, node, 1)
    if weight.ndim != 2:
        raise UnsupportedError(f"{named(node)} with weights of shape {weight.shape}")
    return _linear(weight.T, None)


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
    check_is(node, given, "training_mode", 0)
    if len(shape) == 3:
        check_is(node, given, "spatial", 1)  # before version 9; 0 has one per pixel
    kind: Any = layers.BatchNorm2d if len(shape) == 3 else layers.BatchNorm1d
    made = kind(shape[0], eps=float(given.get("epsilon", 1e-5)))
    names = ("weight", "bias", "running_mean", "running_var")
    for place, name in enumerate(names, start=1):
        getattr(made, name).value = weight_of(source, node, place)
    return made  # type: ignore[no-any-return]


def _layer_norm(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given, weight = attributes(node), weight_of(source, node, 1)
    axis, rank = given.get("axis", -1), rank_of(source, node, shape)
    axis = axis - rank if axis >= 0 else axis
    if axis <= -rank:
        raise UnsupportedError(f"{named(node)} over the batch")
    if rank != 1 + len(shape):
        raise UnsupportedError(f"{named(node)} of images of one pixel")
    made = layers.LayerNorm(shape[axis:], eps=float(given.get("epsilon", 1e-5)))
    return _scale_and_shift(source, node, made, weight)


def _group_norm(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given, weight = attributes(node), weight_of(source, node, 1)
    if len(weight) != shape[0]:
        raise UnsupportedError(f"{named(node)} with a scale for each group (opset 18)")
    eps = float(given.get("epsilon", 1e-5))
    made = layers.GroupNorm(given["num_groups"], shape[0], eps=eps)
    return _scale_and_shift(source, node, made, weight)


def _scale_and_shift(
    source: Source, node: Any, made: Any, weight: NumpyArray
) -> Layer[Any]:
    made.weight.value = weight
    if has_operand(node, 2):
        made.bias.value = weight_of(source, node, 2)
    return made  # type: ignore[no-any-return]


def _clip(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """ReLU6, or ReLU for a clip without an upper end."""
    given = attributes(node)
    ends = [given.get("min"), given.get("max")]
    for place in (1, 2):
        if has_operand(node, place):
            ends[place - 1] = weight_of(source, node, place).item()
    if ends not in ([0, 6], [0, None]):
        raise UnsupportedError(f"{named(node)} to limits other than 0 and 6")
    return layers.ReLU() if ends[1] is None else layers.ReLU6()


def _elu(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.ELU(float(attributes(node).get("alpha", 1.0)))


def _hard_sigmoid(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    given = attributes(node)
    slope, offset = given.get("alpha", 0.2), given.get("beta", 0.5)
    return layers.Hardsigmoid(float(slope), float(offset))


def _swish(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    check_is(node, attributes(node), "alpha", 1.0)
    return layers.SiLU()


def _flatten(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    if attributes(node).get("axis", 1) not in (1, 1 - rank_of(source, node, shape)):
        raise UnsupportedError(f"{named(node)} to a shape other than (batch, features)")
    return layers.Flatten() if len(shape) == 3 else None


def _reshape(source: Source, node: Any, shape: Shape) -> Layer[Any] | None:
    """A reshape to (batch, features), or of those to images of one pixel."""
    wanted = source.constants.get(node.input[1])
    sizes = [] if wanted is None else [int(size) for size in wanted]
    kept = {-1, math.prod(shape)}
    if len(shape) == 1 and not attributes(node).get("allowzero", 0):
        kept.add(0)  # the size that it has
    is_vector = len(sizes) == 2 or (len(shape) == 1 and sizes[2:] == [1, 1])
    if not is_vector or sizes[1] not in kept:
        raise UnsupportedError(f"{named(node)} to a shape other than (batch, features)")
    return layers.Flatten() if len(shape) == 3 else None


def _unsqueeze(source: Source, node: Any, shape: Shape) -> None:
    """One number for each channel as an image of one pixel, for a product."""
    axes = axes_of(node, source.constants) or []
    rank = rank_of(source, node, shape) + len(axes)
    if len(shape) != 1 or not axes or min(axis % rank for axis in axes) < 2:
        raise UnsupportedError(named(node))


def _squeeze(source: Source, node: Any, shape: Shape) -> None:
    """What a global average pooling has already done."""
    axes, rank = axes_of(node, source.constants), rank_of(source, node, shape)
    others = range(2, rank) if axes is None else [axis % rank for axis in axes]
    if len(shape) != 1 or min(others, default=2) < 2 or axes == []:
        raise UnsupportedError(named(node))


def _softmax(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    """Softmax over the last axis; a LogSoftmax at the end of a network counts as one.

    Before version 13 the default axis is 1, and all axes from it on are one vector.
    """
    rank = rank_of(source, node, shape)
    axis = attributes(node).get("axis", -1 if source.opset >= FROM_LAST else 1) % rank
    last = 1 if len(shape) == 1 else rank - 1
    if axis != last:
        raise UnsupportedError(f"{named(node)} over an axis other than the classes")
    return layers.Softmax()


def _dropout(source: Source, node: Any, shape: Shape) -> None:
    """Nothing after training; UnsupportedError where it stays in training mode."""
    ratio, mode = (source.constants.get(each) for each in [*node.input[1:], "", ""][:2])
    if mode is not None and mode.item() and (ratio is None or ratio.item()):
        raise UnsupportedError(f"{named(node)} with training_mode=1")


def _leaky_relu(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.LeakyReLU(float(attributes(node).get("alpha", 0.01)))


def _gelu(source: Source, node: Any, shape: Shape) -> Layer[Any]:
    return layers.GELU(attributes(node).get("approximate", "none"))


def _plain(kind: type[Any]) -> Make:
    return lambda source, node, shape: kind()


def _nothing(source: Source, node: Any, shape: Shape) -> None:
    """Identity changes nothing."""


TABLE: dict[str, Make] = {
    "AveragePool": onnx_windows.average_pool2d,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Conv": _conv2d,
    "Dropout": _dropout,
    "Elu": _elu,
    "Flatten": _flatten,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "GlobalAveragePool": _plain(layers.GlobalAveragePool2d),
    "GroupNormalization": _group_norm,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _plain(layers.Hardswish),
    "Identity": _nothing,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": _leaky_relu,
    "LogSoftmax": _softmax,
    "MatMul": _matmul,
    "MaxPool": onnx_windows.max_pool2d,
    "Relu": _plain(layers.ReLU),
    "Reshape": _reshape,
    "Sigmoid": _plain(layers.Sigmoid),
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Swish": _swish,
    "Unsqueeze": _unsqueeze,
    "Tanh": _plain(layers.Tanh),
}
