"""Check that each parameter and buffer has the shape that its layer's sizes imply.

Kernels take sizes from layers and addresses from arrays, so the two must agree: when an
engine is made, and when an array was assigned since.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from handgrad.arrays import Shape, to_numpy
from handgrad.engine.network_layers import Named, within
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    GroupNorm,
    Layer,
    LayerNorm,
    Linear,
    Sequential,
)
from handgrad.layers.branches import Branches
from handgrad.parameter import check_are_parameters


def _batch_norm(size: int) -> dict[str, Shape]:
    names = ("weight", "bias", "running_mean", "running_var")
    return dict.fromkeys(names, (size,))


SHAPES: dict[type, Callable[[Any], dict[str, Shape]]] = {
    Linear: lambda layer: {
        "weight": (layer.out_features, layer.in_features),
        "bias": (layer.out_features,),
    },
    Conv2d: lambda layer: {
        "weight": (
            layer.out_channels,
            layer.in_channels // layer.groups,
            *layer.kernel_size,
        ),
        "bias": (layer.out_channels,),
    },
    BatchNorm1d: lambda layer: _batch_norm(layer.features),
    BatchNorm2d: lambda layer: _batch_norm(layer.channels),
    GroupNorm: lambda layer: dict.fromkeys(("weight", "bias"), (layer.channels,)),
    LayerNorm: lambda layer: dict.fromkeys(("weight", "bias"), layer.shape),
}


def check_parameters(model: Layer[Any]) -> None:
    """ShapeError or ConfigError with the array's name, unless all fit their layers."""
    check_are_parameters({**model.parameters(), **model.buffers()})
    for name, layer in _named_layers(model):
        arrays = {**layer.parameters(), **layer.buffers()}
        expected = SHAPES[type(layer)](layer) if type(layer) in SHAPES else {}
        for key, parameter in arrays.items():
            full = f"{name}.{key}" if name else key
            shape = parameter.shape
            if shape != expected.get(key, shape):
                raise ShapeError(
                    f"{full} of {layer!r} has shape {expected[key]}, got an array of "
                    f"shape {shape}. Assign one of that shape, or make a new layer."
                )
            if parameter.is_drawn:
                dtype = to_numpy(parameter.value).dtype
                if not np.can_cast(dtype, np.float32, "same_kind"):
                    raise ConfigError(
                        f"{full} holds real numbers, got an array of {dtype}. Convert "
                        "it with astype('float32')."
                    )


def _named_layers(layer: Layer[Any], name: str = "") -> Iterator[Named]:
    """The innermost layers by name; a user's own container counts as one layer."""
    if not isinstance(layer, Sequential | Branches):
        yield name, layer
    for key, part in within(layer).items():
        yield from _named_layers(part, f"{name}.{key}" if name else key)
