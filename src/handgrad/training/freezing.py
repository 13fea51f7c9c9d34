"""Freeze the first layers of a network that starts from other weights, or slow them.

The backbone is every layer with parameters but the last. Batch normalization belongs to
the layer before it, so that `freeze` counts convolutions, linear layers and residual
blocks.
"""

from typing import Any

from handgrad.engine.network_layers import multiplier_of
from handgrad.errors import ConfigError
from handgrad.layers import BatchNorm1d, BatchNorm2d, Layer, Sequential
from handgrad.training.config import RunConfig


def set_multipliers(model: Sequential, config: RunConfig) -> Sequential:
    """Set each parameter's learning-rate multiplier; returns the model.

    Without a start from other weights nothing changes. ConfigError if no layer would be
    left to train, or none to slow.
    """
    start = config.start
    if start is None or (start.freeze, start.backbone_multiplier) == (None, None):
        return model
    groups = _groups(model)
    last = len(groups) - 1
    frozen = last if start.freeze == "all-but-last" else start.freeze or 0
    if frozen > last:
        raise ConfigError(
            f"start.freeze is {frozen}, but {config.model.name} has {last + 1} layers "
            f"with weights, and the last is always trained. Freeze at most {last}."
        )
    if 0 < last == frozen and start.backbone_multiplier is not None:
        raise ConfigError(
            "start.backbone_multiplier slows layers that are not frozen, but all "
            "before the last are frozen. Leave it out, or freeze fewer layers."
        )
    for place, group in enumerate(groups):
        slow = 1.0 if place == last else start.backbone_multiplier or 1.0
        for layer in group:
            for parameter in layer.parameters().values():
                parameter.learning_rate_multiplier = 0.0 if place < frozen else slow
    return model


def multipliers(model: Sequential) -> dict[str, list[str]]:
    """The names of the layers that are frozen or slowed, by `multiplier_of`."""
    found: dict[str, list[str]] = {}
    for name, layer in model.layers.items():
        if words := multiplier_of(layer):
            found.setdefault(words, []).append(name)
    return found


def _groups(model: Sequential) -> list[list[Layer[Any]]]:
    """Layers with parameters; batch normalization with the layer before it."""
    groups: list[list[Layer[Any]]] = []
    for layer in model.layers.values():
        if groups and isinstance(layer, BatchNorm1d | BatchNorm2d):
            groups[-1].append(layer)
        elif layer.parameters():
            groups.append([layer])
    return groups
