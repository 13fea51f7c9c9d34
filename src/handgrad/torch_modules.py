"""Layers and torch modules: one table of pairs with equal settings and arrays.

Needs torch, the extra `torch`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import torch
from torch import nn

from handgrad import layers
from handgrad.arrays import NumpyArray, as_pair, to_numpy
from handgrad.errors import ConfigError
from handgrad.layers import Layer
from handgrad.layers.window_settings import Windowed
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.options import options_of

PRODUCT = "nc...,nc...->nc..."  # with one number for each channel, or for each value
WINDOWS = ("kernel_size", "stride", "padding")


class UnsupportedError(Exception):
    """An operation or a setting without a counterpart, in words."""


@dataclass(frozen=True)
class Pair:
    """A layer and the torch module with the same equations.

    `settings` maps the names of the layer's settings to those of torch; `fixed` holds
    the settings of torch that the layer lacks, with the value that it stands for, and
    `only` those of the layer that torch lacks.
    """

    layer: type[Layer[Any]]
    module: type[Any]
    settings: dict[str, str]
    fixed: dict[str, Any] = field(default_factory=dict)
    only: dict[str, Any] = field(default_factory=dict)

    def make_module(self, layer: Any) -> Any:
        """The module with the settings and copies of the arrays of a layer.

        Padding that differs on opposite sides becomes a module before it.
        UnsupportedError for settings that the module lacks.
        """
        for name, wanted in self.only.items():
            if (value := getattr(layer, name)) != wanted:
                raise UnsupportedError(f"{name}={value}")
        given = {theirs: _setting(layer, own) for own, theirs in self.settings.items()}
        border = []
        if isinstance(layer, Windowed) and not layer.windows.is_even:
            border, given["padding"] = [_border(layer)], 0
        with torch.device("meta"):  # draws no random numbers
            module = self.module(**given, **self.fixed)
        _fill(module, layer)
        return nn.Sequential(*border, module) if border else module

    def make_layer(self, module: Any) -> Layer[Any]:
        """The layer with the settings and copies of the arrays of a module.

        UnsupportedError for settings that the layer lacks, ConfigError for values that
        it does not take.
        """
        for name, wanted in self.fixed.items():
            if _pairs(value := getattr(module, name)) != _pairs(wanted):
                raise UnsupportedError(f"{name}={value}")
        given = {own: _setting(module, name) for own, name in self.settings.items()}
        layer: Any = self.layer(**given)
        for name, held in {**layer.parameters(), **layer.buffers()}.items():
            if (tensor := getattr(module, name)) is None:
                raise UnsupportedError(f"{name}=False")
            held.value = _values(tensor)
        return layer  # type: ignore[no-any-return]


def _fill(module: Any, layer: Layer[Any]) -> None:
    """Copy the arrays of a layer into a module."""
    for key, held in {**layer.parameters(), **layer.buffers()}.items():
        tensor = torch.from_numpy(np.array(to_numpy(held.value)))
        is_trained = key in layer.parameters()
        setattr(module, key, nn.Parameter(tensor) if is_trained else tensor)
    if hasattr(module, "num_batches_tracked"):
        module.num_batches_tracked = torch.tensor(0)


def _border(layer: Any) -> Any:
    """A module for padding that differs on opposite sides."""
    windows, is_average = layer.windows, isinstance(layer, layers.AveragePool2d)
    if windows.ceil_mode or (is_average and not layer.count_include_pad):
        raise UnsupportedError(f"padding={layer.padding} and its other settings")
    height, width = windows.borders
    value = -inf if isinstance(layer, layers.MaxPool2d) else 0.0
    return nn.ConstantPad2d((*width, *height), value)


def _setting(owner: Any, name: str) -> Any:
    """A setting; a bias as whether there is one, padding always in pixels."""
    value = getattr(owner, name)
    if name == "bias":
        return value is not None
    if name != "padding" or not isinstance(value, str):
        return value
    left, right, top, bottom = owner._reversed_padding_repeated_twice
    return (top, bottom), (left, right)


def _pairs(value: Any) -> Any:
    """A setting of windows as a pair, so that 1 equals (1, 1)."""
    return as_pair(value) if type(value) is int else value


def _values(tensor: Any) -> NumpyArray:
    """A copy of a tensor, float64 if it is, else float32."""
    kept = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    return np.array(to_numpy(tensor.to(kept)))


def _same(*names: str) -> dict[str, str]:
    """Settings with equal names in both."""
    return {name: name for name in names}


def _norm(size: str) -> dict[str, str]:
    return {size: "num_features", **_same("eps", "momentum")}


TRACKED = {"affine": True, "track_running_stats": True}
PAIRS = (
    Pair(layers.Linear, nn.Linear, _same("in_features", "out_features", "bias")),
    Pair(
        layers.Conv2d,
        nn.Conv2d,
        _same("in_channels", "out_channels", *WINDOWS, "dilation", "groups", "bias"),
        {"padding_mode": "zeros"},
    ),
    Pair(layers.BatchNorm1d, nn.BatchNorm1d, _norm("features"), TRACKED),
    Pair(layers.BatchNorm2d, nn.BatchNorm2d, _norm("channels"), TRACKED),
    Pair(
        layers.MaxPool2d,
        nn.MaxPool2d,
        _same(*WINDOWS, "ceil_mode"),
        {"dilation": 1, "return_indices": False},
    ),
    Pair(
        layers.AveragePool2d,
        nn.AvgPool2d,
        _same(*WINDOWS, "ceil_mode", "count_include_pad"),
        {"divisor_override": None},
    ),
    Pair(
        layers.LayerNorm,
        nn.LayerNorm,
        {"shape": "normalized_shape", "eps": "eps"},
        {"elementwise_affine": True},
    ),
    Pair(
        layers.GroupNorm,
        nn.GroupNorm,
        {"groups": "num_groups", "channels": "num_channels", "eps": "eps"},
        {"affine": True},
    ),
    Pair(layers.Hardsigmoid, nn.Hardsigmoid, {}, {}, {"slope": 1 / 6, "offset": 0.5}),
    Pair(layers.Dropout, nn.Dropout, {"rate": "p"}),
    Pair(layers.Flatten, nn.Flatten, {}, {"start_dim": 1, "end_dim": -1}),
    Pair(layers.Softmax, nn.Softmax, {}, {"dim": -1}),
    *(
        Pair(kind, getattr(nn, kind.__name__), _same(*options_of(kind)))
        for kind in ACTIVATION_LAYERS
        if kind is not layers.Hardsigmoid
    ),
)
BY_LAYER = {pair.layer: pair for pair in PAIRS}
BY_MODULE = {pair.module: pair for pair in PAIRS}


class Residual(nn.Module):  # type: ignore[misc]  # torch is an extra
    """The sum of the modules `body` and `shortcut`."""

    def __init__(self, body: Any, shortcut: Any) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, inputs: Any) -> Any:
        """Return body(inputs) + shortcut(inputs)."""
        return self.body(inputs) + self.shortcut(inputs)


class Multiply(nn.Module):  # type: ignore[misc]
    """The product of the modules `body` and `shortcut`."""

    def __init__(self, body: Any, shortcut: Any) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, inputs: Any) -> Any:
        """Return body(inputs) * shortcut(inputs), channel by channel."""
        return torch.einsum(PRODUCT, self.body(inputs), self.shortcut(inputs))


class Concatenate(nn.Module):  # type: ignore[misc]
    """The outputs of several modules, along the channels."""

    def __init__(self, branches: dict[str, Any]) -> None:
        super().__init__()
        for name, module in branches.items():
            self.add_module(name, module)

    def forward(self, inputs: Any) -> Any:
        """Return the outputs of all branches, concatenated."""
        return torch.cat([branch(inputs) for branch in self.children()], 1)


def module_of(layer: Layer[Any], name: str = "") -> Any:
    """The torch module of a layer, with copies of its arrays.

    ConfigError that names a layer of another kind.
    """
    if type(layer) in COMPOSITES:
        return COMPOSITES[type(layer)](layer, f"{name}." if name else "")
    pair = BY_LAYER.get(type(layer))
    problem = ""
    if pair is not None:
        try:
            return pair.make_module(layer)
        except UnsupportedError as error:
            problem = f" with {error}"
    raise ConfigError(
        f"{name or layer} is a {type(layer).__name__}{problem}, for which there is no "
        "torch module. Replace it by layers of Handgrad."
    )


def _sequential(layer: layers.Sequential, name: str) -> Any:
    return nn.Sequential(*_modules_of(layer.layers, name).values())


def _modules_of(parts: dict[str, Layer[Any]], name: str) -> dict[str, Any]:
    return {key: module_of(inner, f"{name}{key}") for key, inner in parts.items()}


def _two(kind: Any) -> Callable[[Any, str], Any]:
    """A module with a body and a shortcut, by default the identity."""
    return lambda layer, name: kind(
        **{"shortcut": nn.Identity(), **_modules_of(layer.parts(), name)}
    )


def _concatenate(layer: layers.Concatenate, name: str) -> Any:
    return Concatenate(_modules_of(layer.parts(), name))


def _global_average_pool2d(layer: layers.GlobalAveragePool2d, name: str) -> Any:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


COMPOSITES: dict[type, Callable[[Any, str], Any]] = {
    layers.Concatenate: _concatenate,
    layers.GlobalAveragePool2d: _global_average_pool2d,
    layers.Multiply: _two(Multiply),
    layers.Residual: _two(Residual),
    layers.Sequential: _sequential,
}
