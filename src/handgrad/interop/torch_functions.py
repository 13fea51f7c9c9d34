"""Functions and methods of torch as modules with the same outputs.

Needs torch, the extra `torch`.
"""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from handgrad.interop.torch_trace import is_batch_size
from handgrad.torch_modules import UnsupportedError

VIEWS = (nn.Flatten, nn.Identity, nn.Dropout)  # their results may share memory


class Pixels(nn.Identity):  # type: ignore[misc]  # torch is an extra
    """Vectors as images of one pixel, to be multiplied by images."""


def _clamp(min: Any = None, max: Any = None) -> Any:
    return hardtanh(min, max)


def _dropout(p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if training:
        raise UnsupportedError("a dropout that does not stop in evaluation mode")
    return nn.Dropout(p, inplace)


def _entries(index: Any) -> Any:
    if index != (slice(None), slice(None), None, None):
        raise UnsupportedError("an index other than x[:, :, None, None]")
    return Pixels()


def _flatten(start_dim: int = 0, end_dim: int = -1) -> Any:
    return nn.Flatten(start_dim, end_dim)


def hardtanh(min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """`nn.ReLU` or `nn.ReLU6`, with the same equations."""
    if min_val != 0 or max_val not in (6, None):
        raise UnsupportedError("a clamp to limits other than 0 and 6, or 0 and none")
    return nn.ReLU(inplace) if max_val is None else nn.ReLU6(inplace)


def _max_pool2d(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    return nn.MaxPool2d(
        kernel_size, stride, padding, dilation, return_indices, ceil_mode
    )


def _mean(dim: Any = None, keepdim: bool = False) -> Any:
    axes = tuple(dim) if isinstance(dim, list | tuple) else (dim,)
    if axes not in {(2, 3), (-2, -1), (-1, -2), (3, 2)}:
        raise UnsupportedError("a mean over axes other than those of the pixels")
    pool = nn.AdaptiveAvgPool2d(1)
    return pool if keepdim else nn.Sequential(pool, nn.Flatten())


def _pad(pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    if mode != "constant":
        raise UnsupportedError("padding with values other than a constant")
    if len(pad) not in (2, 4):
        raise UnsupportedError("padding of axes other than those of the pixels")
    return nn.ConstantPad2d((*pad, 0, 0)[:4], value or 0.0)


def _reshape(*sizes: Any) -> Any:
    """A reshape to (batch, features), or of such values to (batch, features, 1, 1)."""
    given = sizes[0] if isinstance(sizes[0], list | tuple) else sizes
    if len(given) == 4 and is_batch_size(given[0]) and [*given[2:]] == [1, 1]:
        return Pixels()
    batch, features = given if len(given) == 2 else (None, None)
    is_known = isinstance(features, int) and features > 0
    if not (is_batch_size(batch) or (batch == -1 and is_known)):
        raise UnsupportedError("a reshape other than that of examples to vectors")
    flat = nn.Flatten()
    flat.features = features if is_known else None  # the number expected
    return flat


def _unsqueeze(dim: int) -> Any:
    if dim not in (-1, 2, 3):
        raise UnsupportedError("unsqueeze of axes other than those of the pixels")
    return Pixels()


KINDS: dict[str, Callable[..., Any]] = {  # functions and methods by name
    "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d,
    "avg_pool2d": nn.AvgPool2d,
    "clamp": _clamp,
    "clone": lambda memory_format=None: nn.Identity(),
    "contiguous": lambda memory_format=None: nn.Identity(),
    "dropout": _dropout,
    "elu": nn.ELU,
    "expand_as": lambda images: Pixels(),
    "flatten": _flatten,
    "gelu": nn.GELU,
    "getitem": _entries,
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "hardtanh": hardtanh,
    "leaky_relu": nn.LeakyReLU,
    "max_pool2d": _max_pool2d,
    "mean": _mean,
    "pad": _pad,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "reshape": _reshape,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softmax": nn.Softmax,
    "stochastic_depth": lambda *settings, **named: nn.Identity(),
    "tanh": nn.Tanh,
    "unsqueeze": _unsqueeze,
    "view": _reshape,
}
FUNCTIONS: dict[Any, str] = {
    getattr(place, name): name
    for place in (functional, torch)
    for kind in KINDS
    for name in (kind, f"{kind}_")
    if hasattr(place, name)
} | {operator.getitem: "getitem"}
