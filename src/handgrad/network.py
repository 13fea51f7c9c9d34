"""Layer specifications: a network as a list of layers.

Each function returns the specification of a layer, the same table that a TOML
configuration holds: the name of the layer and the options given. An option that is None
is omitted, and the layer's default applies. Input sizes, the number of classes of the
last linear layer and the keys of the initial weights are filled in once the data is
known, by `handgrad.Classifier` or `handgrad.models.from_layers`. These also check the
options and raise ConfigError or ShapeError with the name of the layer.

Shapes
    images are (batch, channels, height, width), vectors are (batch, features)

Units
    kernel_size, stride, padding  pixels; one number, or a pair (height, width)

Example
    from handgrad.network import conv2d, flatten, linear, max_pool2d, relu

    layers = [conv2d(16, 3, padding=1), relu(), max_pool2d(2), flatten(), linear()]
    layers[0] == {"name": "conv2d", "out_channels": 16, "kernel_size": 3, "padding": 1}
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.arrays import Padding, Pair
from handgrad.errors import ConfigError
from handgrad.initializers import Initializer
from handgrad.layer_rows import Row as Row
from handgrad.layer_rows import (
    batch_norm1d,
    batch_norm2d,
    dropout,
    elu,
    gelu,
    gelu_tanh,
    group_norm,
    hardsigmoid,
    hardswish,
    layer_norm,
    leaky_relu,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    tanh,
)
from handgrad.layer_rows import (
    row as _row,
)
from handgrad.ranges import shown

__all__ = [
    "average_pool2d",
    "batch_norm1d",
    "batch_norm2d",
    "concatenate",
    "conv2d",
    "dropout",
    "elu",
    "flatten",
    "gelu",
    "gelu_tanh",
    "global_average_pool2d",
    "group_norm",
    "hardsigmoid",
    "hardswish",
    "layer_norm",
    "leaky_relu",
    "linear",
    "max_pool2d",
    "multiply",
    "relu",
    "relu6",
    "residual",
    "sequential",
    "sigmoid",
    "silu",
    "softmax",
    "tanh",
]

Rows = Sequence[Mapping[str, Any]]
InitializerChoice = str | Mapping[str, Any] | Initializer


def linear(
    out_features: int | None = None,
    *,
    bias: bool | None = None,
    initializer: InitializerChoice | None = None,
) -> Row:
    """Fully connected layer, `handgrad.layers.Linear`: vectors to vectors.

    Without `out_features` it is the output layer, with one output per class; `bias` is
    False for a layer without one.
    `initializer` is a name such as "he_normal" (the default) or "normal:0.01", or a
    function of shape and key.
    """
    return _row("linear", out_features=out_features, bias=bias, initializer=initializer)


def conv2d(
    out_channels: int,
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: Padding | None = None,
    dilation: int | Pair | None = None,
    groups: int | None = None,
    bias: bool | None = None,
    initializer: InitializerChoice | None = None,
) -> Row:
    """Convolution, `handgrad.layers.Conv2d`: (in_channels, ...) to (out_channels, ...).

    `kernel_size`, `stride` (1 by default), `padding` (0 by default) and `dilation`, the
    distance of taps (1 by default), are in pixels, one number or (height, width), and
    padding also ((top, bottom), (left, right)). `out_channels` is the number of
    kernels; `groups` (1 by default) divides the channels; `bias` is False for a layer
    without one.
    `initializer` is a name such as "he_normal" (the default) or "normal:0.01", or a
    function of shape and key.
    """
    return _row(
        "conv2d",
        out_channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
        initializer=initializer,
    )


def max_pool2d(
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: Padding | None = None,
    ceil_mode: bool | None = None,
) -> Row:
    """Max pooling, `handgrad.layers.MaxPool2d`: the largest value of each window.

    `kernel_size`, `stride` (the kernel_size by default) and `padding` (0 by default)
    are in pixels, one number or (height, width), and padding also
    ((top, bottom), (left, right)); `ceil_mode` rounds the output size up.
    """
    return _row(
        "max_pool2d",
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        ceil_mode=ceil_mode,
    )


def average_pool2d(
    kernel_size: int | Pair,
    *,
    stride: int | Pair | None = None,
    padding: Padding | None = None,
    ceil_mode: bool | None = None,
    count_include_pad: bool | None = None,
) -> Row:
    """Average pooling, `handgrad.layers.AveragePool2d`: the mean of each window.

    `kernel_size`, `stride` (the kernel_size by default) and `padding` (0 by default)
    are in pixels, one number or (height, width), and padding also
    ((top, bottom), (left, right)); `ceil_mode` rounds the output size up;
    `count_include_pad` (True by default) includes the padding in the means.
    """
    return _row(
        "average_pool2d",
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
    )


def global_average_pool2d() -> Row:
    """Global average pooling, `handgrad.layers.GlobalAveragePool2d`."""
    return _row("global_average_pool2d")


def flatten() -> Row:
    """Flatten images to vectors, `handgrad.layers.Flatten`."""
    return _row("flatten")


def residual(body: Rows, shortcut: Rows | None = None) -> Row:
    """Residual connection, `handgrad.layers.Residual`.

    `body` and `shortcut` are lists of layers; without a shortcut the inputs are added
    unchanged. ConfigError for anything but a list.

    Equations
        outputs = body(inputs) + shortcut(inputs)

    Example
        residual([conv2d(16, 3, padding=1), relu()], shortcut=[conv2d(16, 1)])
    """
    return _row(
        "residual",
        body=_rows("body", body),
        shortcut=None if shortcut is None else _rows("shortcut", shortcut),
    )


def multiply(body: Rows, shortcut: Rows | None = None) -> Row:
    """Product of two branches, `handgrad.layers.Multiply`.

    `body` and `shortcut` are lists of layers; without a shortcut the inputs themselves
    are multiplied. The body may return one number for each channel of images, as in
    squeeze-and-excitation. ConfigError for anything but a list.

    Equations
        outputs = body(inputs) * shortcut(inputs)

    Example
        multiply([global_average_pool2d(), linear(4), relu(), linear(16), sigmoid()])
    """
    return _row(
        "multiply",
        body=_rows("body", body),
        shortcut=None if shortcut is None else _rows("shortcut", shortcut),
    )


def concatenate(branches: Sequence[Rows]) -> Row:
    """Outputs of several branches along the channels, `handgrad.layers.Concatenate`.

    `branches` is a list of lists of layers; an empty list is the identity. ConfigError
    for anything else.

    Example
        concatenate([[conv2d(8, 1)], [conv2d(8, 3, padding=1), relu()]])
    """
    if isinstance(branches, Mapping | str | bytes) or not isinstance(
        branches, Sequence
    ):
        raise ConfigError(
            f"branches takes a list of lists of layers, got {shown(branches)}. Write "
            "them as [[conv2d(8, 1)], [conv2d(8, 3)]]."
        )
    return _row("concatenate", branches=[_rows("branches", each) for each in branches])


def sequential(layers: Rows) -> Row:
    """Layers applied in sequence, as one layer, `handgrad.layers.Sequential`.

    `layers` is a list of layers; ConfigError for anything else.
    """
    return _row("sequential", layers=_rows("layers", layers))


def _rows(option: str, rows: Rows) -> list[Row]:
    if isinstance(rows, Mapping | str | bytes) or not isinstance(rows, Sequence):
        raise ConfigError(
            f"{option} takes a list of layers, got {shown(rows)}. "
            "Write it as [conv2d(16, 3, padding=1), relu()]."
        )
    for row in rows:
        if not isinstance(row, Mapping):
            raise ConfigError(
                f"{option} takes a list of layers, got {shown(row)} in it. Make each "
                "with a function of handgrad.network, such as relu()."
            )
    return [dict(row) for row in rows]
