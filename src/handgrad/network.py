"""Declarations of layers: a network of one's own as a list of rows.

Each function returns a row, which is the same table that a configuration in TOML holds:
the name of the layer and the options that were given. Input sizes, the class count of
the last linear layer and the keys of the initial weights are filled in when the data
is known, by `handgrad.Classifier` or `handgrad.models.from_layers`.

Shapes
    images are (batch, channels, height, width), vectors are (batch, features); sizes of
    kernels, strides and paddings are in pixels, one number or (height, width)

Example
    from handgrad.network import conv2d, flatten, linear, max_pool2d, relu

    layers = [conv2d(16, 3, padding=1), relu(), max_pool2d(2), flatten(), linear()]
    layers[0] == {"name": "conv2d", "out_channels": 16, "kernel_size": 3, "padding": 1}
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.arrays import Pair
from handgrad.errors import ConfigError
from handgrad.initializers import Initializer

__all__ = [
    "average_pool2d",
    "batch_norm1d",
    "batch_norm2d",
    "conv2d",
    "dropout",
    "flatten",
    "gelu",
    "gelu_tanh",
    "global_average_pool2d",
    "leaky_relu",
    "linear",
    "max_pool2d",
    "relu",
    "residual",
    "sequential",
    "sigmoid",
    "softmax",
    "tanh",
]

Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]
InitializerChoice = str | Mapping[str, Any] | Initializer


def linear(
    out_features: int | None = None, *, initializer: InitializerChoice | None = None
) -> Row:
    """A linear layer: `handgrad.layers.Linear`.

    Without `out_features` it is the last linear layer, with an output for each class.
    """
    return _row("linear", out_features=out_features, initializer=initializer)


def conv2d(
    out_channels: int,
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair | None = None,
    initializer: InitializerChoice | None = None,
) -> Row:
    """A convolution: `handgrad.layers.Conv2d`; stride 1 and no padding by default."""
    return _row(
        "conv2d",
        out_channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        initializer=initializer,
    )


def max_pool2d(
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair | None = None,
) -> Row:
    """Maxima over windows: `handgrad.layers.MaxPool2d`; the stride is the window's."""
    return _row("max_pool2d", kernel_size=kernel_size, stride=stride, padding=padding)


def average_pool2d(
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: int | Pair | None = None,
) -> Row:
    """Means over windows: `handgrad.layers.AveragePool2d`."""
    return _row(
        "average_pool2d", kernel_size=kernel_size, stride=stride, padding=padding
    )


def global_average_pool2d() -> Row:
    """The mean of each channel: `handgrad.layers.GlobalAveragePool2d`."""
    return _row("global_average_pool2d")


def batch_norm1d(*, eps: float | None = None, momentum: float | None = None) -> Row:
    """Batch normalization of vectors: `handgrad.layers.BatchNorm1d`."""
    return _row("batch_norm1d", eps=eps, momentum=momentum)


def batch_norm2d(*, eps: float | None = None, momentum: float | None = None) -> Row:
    """Batch normalization of images by channel: `handgrad.layers.BatchNorm2d`."""
    return _row("batch_norm2d", eps=eps, momentum=momentum)


def dropout(rate: float) -> Row:
    """Dropout: `handgrad.layers.Dropout`; `rate` is the fraction that is dropped."""
    return _row("dropout", rate=rate)


def flatten() -> Row:
    """Images to vectors: `handgrad.layers.Flatten`."""
    return _row("flatten")


def relu() -> Row:
    """max(inputs, 0): `handgrad.layers.ReLU`."""
    return _row("relu")


def leaky_relu(negative_slope: float | None = None) -> Row:
    """ReLU with a slope below 0: `handgrad.layers.LeakyReLU`; 0.01 by default."""
    return _row("leaky_relu", negative_slope=negative_slope)


def gelu() -> Row:
    """The Gaussian error linear unit, exact: `handgrad.layers.GELU`."""
    return _row("gelu")


def gelu_tanh() -> Row:
    """The Gaussian error linear unit by its tanh approximation."""
    return _row("gelu_tanh")


def tanh() -> Row:
    """The hyperbolic tangent: `handgrad.layers.Tanh`."""
    return _row("tanh")


def sigmoid() -> Row:
    """The logistic function: `handgrad.layers.Sigmoid`."""
    return _row("sigmoid")


def softmax() -> Row:
    """Softmax as a layer: `handgrad.layers.Softmax`. Losses take logits instead."""
    return _row("softmax")


def residual(body: Rows, shortcut: Rows | None = None) -> Row:
    """outputs = body(inputs) + shortcut(inputs): `handgrad.layers.Residual`.

    `body` and `shortcut` are lists of rows; without a shortcut the inputs are added.
    """
    return _row(
        "residual",
        body=_rows("body", body),
        shortcut=None if shortcut is None else _rows("shortcut", shortcut),
    )


def sequential(layers: Rows) -> Row:
    """Layers one after another, as one layer: `handgrad.layers.Sequential`."""
    return _row("sequential", layers=_rows("layers", layers))


def _row(name: str, **options: Any) -> Row:
    """The options that were given; defaults are those of the layer."""
    return {"name": name, **{k: v for k, v in options.items() if v is not None}}


def _rows(option: str, rows: Rows) -> list[Row]:
    if isinstance(rows, Mapping | str) or not isinstance(rows, Sequence):
        raise ConfigError(
            f"{option} takes a list of layers, got {rows!r}. "
            "Write it as [conv2d(16, 3, padding=1), relu()]."
        )
    return [dict(row) for row in rows]
