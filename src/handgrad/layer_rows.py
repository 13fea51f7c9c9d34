"""Layers that keep the shape of their inputs, as rows of `handgrad.network`."""

from typing import Any

Row = dict[str, Any]


def row(name: str, **options: Any) -> Row:
    """The specification of a layer, with the options that are not None."""
    return {"name": name, **{k: v for k, v in options.items() if v is not None}}


def relu() -> Row:
    """Rectified linear unit, `handgrad.layers.ReLU`: max(inputs, 0)."""
    return row("relu")


def leaky_relu(negative_slope: float | None = None) -> Row:
    """Leaky rectified linear unit, `handgrad.layers.LeakyReLU`.

    `negative_slope` multiplies inputs below 0; it is not negative (0.01 by default).
    """
    return row("leaky_relu", negative_slope=negative_slope)


def gelu() -> Row:
    """Gaussian error linear unit, exact, `handgrad.layers.GELU`."""
    return row("gelu")


def gelu_tanh() -> Row:
    """Gaussian error linear unit, tanh approximation, `handgrad.layers.GELU`."""
    return row("gelu_tanh")


def tanh() -> Row:
    """Hyperbolic tangent, `handgrad.layers.Tanh`."""
    return row("tanh")


def sigmoid() -> Row:
    """Logistic function, `handgrad.layers.Sigmoid`."""
    return row("sigmoid")


def silu() -> Row:
    """Sigmoid linear unit, or Swish, `handgrad.layers.SiLU`."""
    return row("silu")


def relu6() -> Row:
    """Rectified linear unit with a maximum of 6, `handgrad.layers.ReLU6`."""
    return row("relu6")


def elu(alpha: float | None = None) -> Row:
    """Exponential linear unit, `handgrad.layers.ELU`.

    It tends to -`alpha` for negative inputs; alpha is not negative (1 by default).
    """
    return row("elu", alpha=alpha)


def hardsigmoid(slope: float | None = None, offset: float | None = None) -> Row:
    """Piecewise linear logistic function, `handgrad.layers.Hardsigmoid`.

    `slope` (1/6 by default) and `offset` (0.5 by default) are those of its line between
    0 and 1.
    """
    return row("hardsigmoid", slope=slope, offset=offset)


def hardswish() -> Row:
    """SiLU with a piecewise linear gate, `handgrad.layers.Hardswish`."""
    return row("hardswish")


def softmax() -> Row:
    """Softmax as a layer, `handgrad.layers.Softmax`. Losses take logits, not these."""
    return row("softmax")


def batch_norm1d(*, eps: float | None = None, momentum: float | None = None) -> Row:
    """Batch normalization of vectors, `handgrad.layers.BatchNorm1d`.

    `eps` is added to the variance (1e-5 by default); `momentum` is the weight of the
    new batch in the running statistics, from 0 to 1 (0.1 by default).
    """
    return row("batch_norm1d", eps=eps, momentum=momentum)


def batch_norm2d(*, eps: float | None = None, momentum: float | None = None) -> Row:
    """Batch normalization of images by channel, `handgrad.layers.BatchNorm2d`.

    `eps` is added to the variance (1e-5 by default); `momentum` is the weight of the
    new batch in the running statistics, from 0 to 1 (0.1 by default).
    """
    return row("batch_norm2d", eps=eps, momentum=momentum)


def layer_norm(
    shape: int | tuple[int, ...] | None = None, *, eps: float | None = None
) -> Row:
    """Layer normalization of each example, `handgrad.layers.LayerNorm`.

    `shape` is that of the last axes, over which is normalized (by default all axes);
    `eps` is added to the variance (1e-5 by default).
    """
    return row("layer_norm", shape=shape, eps=eps)


def group_norm(groups: int, *, eps: float | None = None) -> Row:
    """Group normalization of images, `handgrad.layers.GroupNorm`.

    `groups` divides the channels; `eps` is added to the variance (1e-5 by default).
    """
    return row("group_norm", groups=groups, eps=eps)


def dropout(rate: float) -> Row:
    """Dropout, `handgrad.layers.Dropout`; `rate` is the fraction dropped, below 1."""
    return row("dropout", rate=rate)
