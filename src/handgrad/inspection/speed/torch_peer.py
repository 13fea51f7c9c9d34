"""The same network in eager torch, for comparison with Handgrad.

The only module that imports torch (the extra `torch`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray, to_numpy
from handgrad.datasets.normalization import Normalization
from handgrad.errors import ConfigError
from handgrad.layers import Layer, Sequential
from handgrad.models.named_layers import ACTIVATION_LAYERS
from handgrad.options import options_of

PLAIN_MODULES: dict[type, Callable[[], nn.Module]] = {
    layers.Flatten: nn.Flatten,
}


@dataclass
class TorchPeer:
    """A torch model, its optimizer and its data as normalised floats in memory."""

    model: Any
    optimizer: Any
    images: Any
    targets: Any
    scale: Any  # per channel: (channels, 1, 1)
    shift: Any
    channels_last: bool = False

    def step(self, rows: NumpyArray) -> Any:
        """Run one training step as in torch's tutorials; return the loss."""
        index = torch.from_numpy(rows)
        inputs, targets = self.images[index], self.targets[index]
        if self.channels_last and inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.model(inputs), targets)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def to_double(self) -> None:
        """Switch to float64."""
        self.model.double()
        self.images = self.images.double()

    def logits(self, images: Any, batch_size: int) -> Any:
        """Logits of normalised images, or of bytes normalised batch by batch."""
        with torch.no_grad():
            parts = images.split(batch_size)
            return torch.cat([self.model(self._floats(part)) for part in parts])

    def _floats(self, images: Any) -> Any:
        if images.dtype != torch.uint8:
            return images
        return images.float().mul_(self.scale).add_(self.shift)


def make_peer(
    model: Sequential,
    optimizer: Any,
    normalization: Normalization,
    images: NumpyArray,
    targets: NumpyArray,
    *,
    channels_last: bool = False,
    compiled: bool = False,
) -> TorchPeer:
    """A torch network with the same parameters, on the same images."""
    module: Any = translate(model)
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
    rule = translate_optimizer(optimizer, module.parameters())
    if compiled:
        module = torch.compile(module)
    floats = torch.from_numpy(normalization.apply(images))
    if channels_last:
        floats = floats.contiguous(memory_format=torch.channels_last)
    scale, shift = (
        torch.from_numpy(numbers).reshape(-1, 1, 1)
        for numbers in (normalization.scale, normalization.shift)
    )
    labels = torch.from_numpy(targets)
    return TorchPeer(module, rule, floats, labels, scale, shift, channels_last)


class Both(nn.Module):  # type: ignore[misc]  # torch is an extra
    """A residual connection."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, inputs: Any) -> Any:
        """Return body(inputs) + shortcut(inputs)."""
        return self.body(inputs) + self.shortcut(inputs)


def translate(layer: Layer[Any]) -> nn.Module:
    """The torch module of a plain layer, with a copy of its parameters."""
    if type(layer) in PLAIN_MODULES:
        return PLAIN_MODULES[type(layer)]()
    if isinstance(layer, Sequential):
        return nn.Sequential(*map(translate, layer.layers.values()))
    if isinstance(layer, layers.Residual):
        kept = layer.shortcut
        return Both(translate(layer.body), translate(kept) if kept else nn.Identity())
    if isinstance(layer, layers.Hardsigmoid):
        if (layer.slope, layer.offset) == (1 / 6, 0.5):
            return nn.Hardsigmoid()
    elif type(layer) in ACTIVATION_LAYERS:  # torch has the same names and options
        options = (getattr(layer, name) for name in options_of(type(layer)))
        activation: nn.Module = getattr(nn, type(layer).__name__)(*options)
        return activation
    module = _with_options(layer)
    arrays = {name: item.value for name, item in layer.parameters().items()}
    with torch.no_grad():
        for name, value in arrays.items():
            getattr(module, name).copy_(torch.from_numpy(np.array(to_numpy(value))))
    return module


def _with_options(layer: Layer[Any]) -> nn.Module:
    """The torch module of a layer with options."""
    match layer:
        case layers.Linear():
            has_bias = layer.bias is not None
            return nn.Linear(layer.in_features, layer.out_features, bias=has_bias)
        case layers.Conv2d() if not _is_uneven(layer):
            channels = (layer.in_channels, layer.out_channels)
            return nn.Conv2d(
                *channels,
                layer.kernel_size,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.groups,
                bias=layer.bias is not None,
            )
        case layers.BatchNorm1d():
            return nn.BatchNorm1d(layer.features, layer.eps, layer.momentum)
        case layers.BatchNorm2d():
            return nn.BatchNorm2d(layer.channels, layer.eps, layer.momentum)
        case layers.MaxPool2d() if not _is_uneven(layer):
            return nn.MaxPool2d(
                layer.kernel_size,
                layer.stride,
                layer.padding,
                ceil_mode=layer.ceil_mode,
            )
        case layers.AveragePool2d() if not _is_uneven(layer):
            return nn.AvgPool2d(
                layer.kernel_size,
                layer.stride,
                layer.padding,
                layer.ceil_mode,
                layer.count_include_pad,
            )
        case layers.GlobalAveragePool2d():
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    raise ConfigError(
        f"The race has no torch equivalent of {layer}. Race a network of linear, "
        "convolution, pooling, batch norm and activation layers."
    )


def _is_uneven(layer: Any) -> bool:
    """Whether padding differs on opposite sides, which torch's layers do not take."""
    return any(before != after for before, after in layer.windows.borders)


def translate_optimizer(optimizer: Any, parameters: Iterable[Any]) -> Any:
    """The torch optimizer, with the learning rate of the first step."""
    rate, decay = optimizer.rate(1), optimizer.weight_decay
    match optimizer:
        case optimizers.SGD():
            return torch.optim.SGD(
                parameters,
                rate,
                momentum=optimizer.momentum,
                nesterov=optimizer.nesterov,
                weight_decay=decay,
            )
        case optimizers.AdamW() | optimizers.Adam():
            is_adamw = isinstance(optimizer, optimizers.AdamW)
            rule = torch.optim.AdamW if is_adamw else torch.optim.Adam
            betas = (optimizer.beta1, optimizer.beta2)
            return rule(parameters, rate, betas, optimizer.eps, decay)
        case optimizers.RMSProp():
            return torch.optim.RMSprop(
                parameters, rate, optimizer.decay, optimizer.eps, decay
            )
    raise ConfigError(
        f"The race has no torch equivalent of {optimizer}. Use sgd, rmsprop, adam or "
        "adamw."
    )
