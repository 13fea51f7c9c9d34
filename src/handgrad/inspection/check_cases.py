"""Cases of `handgrad check`: layers and losses of random sizes.

A case is a function of a key, so the tenth case of a convolution is the same on every
machine. A test checks that each layer of `handgrad.layers` has an entry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from handgrad import layers, losses
from handgrad.arrays import NumpyArray, Pair, Shape
from handgrad.layers import Layer, Sequential
from handgrad.losses import L2, Loss
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.randomness import Key, normal, uniform

Option = TypeVar("Option")


class Draw:
    """Named random choices, each a function of the key."""

    def __init__(self, key: Key) -> None:
        self.key = key

    def integer(self, purpose: str, low: int, high: int) -> int:
        """A random integer from `low` to `high`, both included."""
        return int(uniform(self.key.child(purpose), (1,), low, high + 1)[0])

    def one_of(self, purpose: str, options: Sequence[Option]) -> Option:
        """One of the options, at random."""
        return options[self.integer(purpose, 0, len(options) - 1)]

    def pair(self, purpose: str, low: int, high: int) -> Pair:
        """A random height and width."""
        height = self.integer(f"{purpose} height", low, high)
        return height, self.integer(f"{purpose} width", low, high)

    def normal(self, purpose: str, shape: Shape) -> NumpyArray:
        """Standard normal numbers."""
        return normal(self.key.child(purpose), shape)

    def targets(self, batch: int, classes: int) -> NumpyArray:
        """Random class numbers."""
        draws = uniform(self.key.child("targets"), (batch,), 0, classes)
        return draws.astype(np.int64)


@dataclass(frozen=True)
class LayerCase:
    """A layer and a batch for it."""

    layer: Layer[Any]
    inputs: NumpyArray


@dataclass(frozen=True)
class LossCase:
    """A loss, and a batch of logits and targets for it."""

    loss: Loss[Any]
    logits: NumpyArray
    targets: NumpyArray


@dataclass(frozen=True)
class NetworkCase:
    """A network with its loss and L2 term, and a batch for it."""

    network: Sequential
    loss: Loss[Any]
    l2: L2
    inputs: NumpyArray
    targets: NumpyArray


def on_batch(draw: Draw, layer: Layer[Any], shape: Shape, least: int = 1) -> LayerCase:
    """The layer with a batch of random examples of this shape."""
    batch = draw.integer("batch", least, least + 3)
    return LayerCase(layer, draw.normal("inputs", (batch, *shape)))


def any_shape(draw: Draw, layer: Layer[Any]) -> LayerCase:
    """A layer that takes vectors and images."""
    features, channels = draw.integer("features", 1, 9), draw.integer("channels", 1, 3)
    image = (channels, *draw.pair("size", 1, 6))
    return on_batch(draw, layer, draw.one_of("shape", [(features,), image]))


def activation(kind: Callable[[], Layer[Any]]) -> Callable[[Draw], LayerCase]:
    """The case of an activation layer with its default options."""
    return lambda draw: any_shape(draw, kind())


def linear(draw: Draw) -> LayerCase:
    """A linear layer with one to nine features in and out."""
    features = draw.integer("in", 1, 9)
    out, bias = draw.integer("out", 1, 9), draw.one_of("bias", [True, True, False])
    layer = layers.Linear(features, out, bias=bias, key=draw.key)
    return on_batch(draw, layer, (features,))


def conv2d(draw: Draw) -> LayerCase:
    """A convolution whose kernel, stride, padding and dilation are drawn per axis."""
    groups, kernel = draw.one_of("groups", [1, 1, 2]), draw.pair("kernel", 1, 4)
    channels = groups * draw.integer("in", 1, 3)
    padding = draw.pair("padding", 0, 2)
    layer = layers.Conv2d(
        channels,
        groups * draw.integer("out", 1, 4),
        kernel,
        stride=draw.pair("stride", 1, 3),
        padding=padding,
        dilation=draw.pair("dilation", 1, 2),
        groups=groups,
        bias=draw.one_of("bias", [True, False]),
        key=draw.key,
    )
    size = image_size(draw, layer.windows.reach, padding)
    return on_batch(draw, layer, (channels, *size))


def pooling(draw: Draw, kind: Callable[..., Layer[Any]]) -> LayerCase:
    """Pooling whose windows overlap, touch or leave gaps, with or without padding."""
    kernel = draw.pair("kernel", 1, 4)
    padding = tuple(draw.integer(f"padding {k}", 0, k // 2) for k in kernel)
    ceil_mode = draw.one_of("ceil_mode", [True, False])
    options = {"padding": padding, "ceil_mode": ceil_mode}
    if kind is layers.AveragePool2d:
        options["count_include_pad"] = draw.one_of("include", [True, False])
    layer = kind(kernel, stride=draw.pair("stride", 1, 3), **options)
    channels = draw.integer("channels", 1, 3)
    size = image_size(draw, kernel, (padding[0], padding[1]))
    return on_batch(draw, layer, (channels, *size))


def image_size(draw: Draw, kernel: Pair, padding: Pair) -> Pair:
    """A height and a width into which the kernel fits at least once."""
    height, width = (
        max(1, k - 2 * p) + draw.integer(f"extra {axis}", 0, 5)
        for axis, k, p in zip(("height", "width"), kernel, padding, strict=True)
    )
    return height, width


def image_layer(draw: Draw, layer: Layer[Any]) -> LayerCase:
    """A layer with images of random size."""
    return on_batch(
        draw, layer, (draw.integer("channels", 1, 3), *draw.pair("size", 1, 6))
    )


def batch_norm2d(draw: Draw) -> LayerCase:
    """Batch normalization of at least three images: the variance is not trivial."""
    channels = draw.integer("channels", 1, 3)
    case = on_batch(
        draw, layers.BatchNorm2d(channels), (channels, *draw.pair("size", 1, 5)), 3
    )
    return with_drawn_parameters(draw, case)


def batch_norm1d(draw: Draw) -> LayerCase:
    """Batch normalization of at least three rows: the variance is not trivial."""
    features = draw.integer("features", 1, 9)
    case = on_batch(draw, layers.BatchNorm1d(features), (features,), 3)
    return with_drawn_parameters(draw, case)


def with_drawn_parameters(draw: Draw, case: LayerCase) -> LayerCase:
    """Add noise to the parameters: initial ones and zeros can hide errors."""
    for name, parameter in case.layer.parameters().items():
        parameter.value = parameter.value + 0.5 * draw.normal(name, parameter.shape)
    return case


def residual(draw: Draw) -> LayerCase:
    """A residual connection around a convolution, with and without a shortcut."""
    into = draw.integer("in", 1, 3)
    out = draw.one_of("out", [into, into + 1])
    body = layers.Conv2d(into, out, 3, padding=1, key=draw.key.child("body"))
    shortcut = layers.Conv2d(into, out, 1, key=draw.key.child("shortcut"))
    layer = layers.Residual(body, shortcut if out != into else None)
    return on_batch(draw, layer, (into, *draw.pair("size", 1, 6)))


def multiply(draw: Draw) -> LayerCase:
    """A product with a gate for each channel or pixel, with and without a shortcut."""
    into = draw.integer("in", 1, 3)
    gates: list[list[Layer[Any]]] = [
        [
            layers.GlobalAveragePool2d(),
            layers.Linear(into, into, key=draw.key.child("gate")),
            layers.Sigmoid(),
        ],
        [layers.Conv2d(into, into, 3, padding=1, key=draw.key.child("gate"))],
    ]
    shortcut = layers.Conv2d(into, into, 1, key=draw.key.child("shortcut"))
    layer = layers.Multiply(
        layers.Sequential(draw.one_of("body", gates)),
        draw.one_of("branch", [shortcut, None]),
    )
    return on_batch(draw, layer, (into, *draw.pair("size", 1, 6)))


def concatenate(draw: Draw) -> LayerCase:
    """The inputs themselves, and one or two convolutions of them."""
    into = draw.integer("in", 1, 3)
    branches: list[Layer[Any]] = [layers.Sequential([])]
    for number in range(draw.integer("branches", 1, 2)):
        key, out = draw.key.child(str(number)), draw.integer(f"out {number}", 1, 3)
        branches.append(layers.Conv2d(into, out, 3, padding=1, key=key))
    layer = layers.Concatenate(branches)
    return on_batch(draw, layer, (into, *draw.pair("size", 1, 6)))


def layer_norm(draw: Draw) -> LayerCase:
    """Layer normalization over all axes of an example, or the last."""
    shape = (draw.integer("channels", 1, 3), *draw.pair("size", 2, 5))
    axes = draw.one_of("axes", [shape, shape[1:], shape[2:]])
    return with_drawn_parameters(draw, on_batch(draw, layers.LayerNorm(axes), shape))


def group_norm(draw: Draw) -> LayerCase:
    """Group normalization of one to three groups of one or two channels."""
    groups = draw.integer("groups", 1, 3)
    channels = groups * draw.integer("each", 1, 2)
    layer = layers.GroupNorm(groups, channels)
    case = on_batch(draw, layer, (channels, *draw.pair("size", 2, 5)))
    return with_drawn_parameters(draw, case)


def sequential(draw: Draw) -> LayerCase:
    """Linear, ReLU, linear."""
    into, hidden = draw.integer("in", 1, 6), draw.integer("hidden", 1, 6)
    steps: list[Layer[Any]] = [
        layers.Linear(into, hidden, key=draw.key.child("first")),
        layers.ReLU(),
        layers.Linear(hidden, draw.integer("out", 1, 6), key=draw.key.child("second")),
    ]
    return on_batch(draw, layers.Sequential(steps), (into,))


LAYER_CASES: dict[str, Callable[[Draw], LayerCase]] = {
    "Linear": linear,
    "Conv2d": conv2d,
    "MaxPool2d": lambda draw: pooling(draw, layers.MaxPool2d),
    "AveragePool2d": lambda draw: pooling(draw, layers.AveragePool2d),
    "GlobalAveragePool2d": lambda draw: image_layer(draw, layers.GlobalAveragePool2d()),
    "BatchNorm1d": batch_norm1d,
    "BatchNorm2d": batch_norm2d,
    "Dropout": lambda draw: any_shape(
        draw, layers.Dropout(draw.one_of("rate", [0.0, 0.25, 0.5]))
    ),
    "Flatten": lambda draw: any_shape(draw, layers.Flatten()),
    **{kind.__name__: activation(kind) for kind in ACTIVATION_LAYERS},
    "GELU": lambda draw: any_shape(
        draw, layers.GELU(draw.one_of("approximate", ["none", "tanh"]))
    ),
    "Softmax": lambda draw: any_shape(draw, layers.Softmax()),
    "Residual": residual,
    "Multiply": multiply,
    "Concatenate": concatenate,
    "LayerNorm": layer_norm,
    "GroupNorm": group_norm,
    "Sequential": sequential,
}


def loss_case(draw: Draw, loss: Loss[Any]) -> LossCase:
    """One to six examples of two to ten classes."""
    batch, classes = draw.integer("batch", 1, 6), draw.integer("classes", 2, 10)
    logits = 2.0 * draw.normal("logits", (batch, classes))
    return LossCase(loss, logits, draw.targets(batch, classes))


LOSS_CASES: dict[str, Callable[[Draw], LossCase]] = {
    "SoftmaxCrossEntropy": lambda draw: loss_case(
        draw,
        losses.SoftmaxCrossEntropy(
            draw.one_of("label_smoothing", [0.0, 0.1]),
            ignore_index=draw.one_of("ignore_index", [None, 0]),
            reduction=draw.one_of("reduction", ["mean", "sum"]),
        ),
    ),
    "MulticlassSVM": lambda draw: loss_case(
        draw, losses.MulticlassSVM(draw.one_of("margin", [0.5, 1.0, 2.0]))
    ),
    "MeanSquaredError": lambda draw: loss_case(draw, losses.MeanSquaredError()),
}
