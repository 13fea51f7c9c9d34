"""The same network in eager torch, for comparison with Handgrad.

Needs torch, the extra `torch`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from handgrad import optimizers
from handgrad.arrays import NumpyArray
from handgrad.datasets.normalization import Normalization
from handgrad.engine.watch import all_layers
from handgrad.errors import ConfigError
from handgrad.layers import Dropout, Sequential
from handgrad.torch_modules import module_of


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
    _refuse_dropout(model)
    module: Any = module_of(model)
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


def _refuse_dropout(model: Sequential) -> None:
    """ConfigError for dropout: the random numbers of both sides differ."""
    for layer in all_layers(model):
        if isinstance(layer, Dropout) and layer.rate:
            raise ConfigError(
                f"The race has no torch equivalent of {layer}: the random numbers "
                "differ, and so do the losses. Race the network without dropout."
            )


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
