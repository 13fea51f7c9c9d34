"""What a program that predicts without Handgrad needs of a network.

Shared by the exports as Python and as C source.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import __version__
from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.augmentation.center import View
from handgrad.datasets.image_fit import USUAL, Fit
from handgrad.equations import is_rewritten
from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Layer, Sequential
from handgrad.training.trained_network import TrainedNetwork, load


@dataclass(frozen=True)
class Standalone:
    """A network with all that turns an image into a prediction.

    Shapes
        scale, shift  (channels, 1, 1) or (features or 1,), float32: bytes are
                      normalized as inputs * scale + shift, float32 inputs as
                      (inputs + shift) * scale

    Units
        crops         parts of the sides that are seen and their shifts in pixels, see
                      `augmentation.center_crop`; none for the whole image
        temperature   the divisor of the logits; None if they give no probabilities
    """

    network: Sequential
    input_shape: Shape
    input_dtype: str
    class_names: tuple[str, ...]
    scale: NumpyArray
    shift: NumpyArray
    with_flip: bool
    temperature: float | None
    fit: Fit = USUAL
    crops: tuple[View, ...] = ()

    @property
    def headline(self) -> str:
        """What the program is, in one sentence without names from files."""
        classes = len(self.class_names)
        return f"A classifier of {classes} classes, written by Handgrad {__version__}."


def standalone(owner: str, subject: Any, input_shape: Shape | None) -> Standalone:
    """The network of a `subject`, see `to_python`; `owner` is named in errors."""
    if isinstance(subject, str | Path):
        subject = load(subject)
    trained = getattr(subject, "trained_", subject)
    if isinstance(trained, TrainedNetwork):
        found = _of_trained(trained)
    elif isinstance(trained, Sequential):
        found = _of_layers(owner, trained, input_shape)
    else:
        raise ConfigError(
            f"{owner} takes a fitted classifier, the path of a run or a Sequential, "
            f"got {type(subject).__name__}. Call fit first."
        )
    _check_finite(found.network)
    return found


def _of_trained(network: TrainedNetwork) -> Standalone:
    shape, prediction = network.input_shape, network.config.prediction
    scale, shift = network.normalization.numbers(network.form.dtype)
    return Standalone(
        network.model,
        shape,
        network.form.dtype,
        tuple(network.class_names),
        _per_channel(scale, shape),
        _per_channel(shift, shape),
        prediction.with_flip,
        network.temperature if network.gives_probabilities else None,
        network.config.fit,
        prediction.crops,
    )


def _of_layers(owner: str, network: Sequential, shape: Shape | None) -> Standalone:
    """Normalized inputs in, the outputs of the last layer out."""
    if shape is None:
        raise ConfigError(
            f"{owner} writes a Sequential for inputs of one shape. Give it, for "
            "example input_shape=(1, 28, 28)."
        )
    outputs = network.output_shape(tuple(shape))
    if len(outputs) != 1:
        raise ShapeError(
            f"The network returns {outputs} for each example, but a classifier returns "
            "one number per class. End it with a Flatten and a Linear layer."
        )
    names = tuple(str(number) for number in range(outputs[0]))
    scale = _per_channel(np.ones(1, dtype=np.float32), tuple(shape))
    return Standalone(
        network, tuple(shape), "float32", names, scale, scale - 1, False, None
    )


def _per_channel(values: NumpyArray, shape: Shape) -> NumpyArray:
    """Numbers for each channel of an image, (channels, 1, 1), or each feature."""
    if len(shape) != 3:
        return values
    return np.broadcast_to(values.reshape(-1, 1, 1), (shape[0], 1, 1)).copy()


def _check_finite(network: Sequential) -> None:
    for name, held in {**network.parameters(), **network.buffers()}.items():
        if not np.isfinite(to_numpy(held.value)).all():
            raise ConfigError(
                f"An export takes finite weights, but {name} contains NaN or infinity. "
                "Train again with a smaller learning rate."
            )


def check_known(layer: Layer[Any], name: str, table: dict[type, Any]) -> None:
    """ConfigError that names a layer that an export cannot write.

    `table` holds the layers that it can write, by their exact type; `name` is that of
    the layer in the network.
    """
    kind = type(layer).__name__
    if type(layer) not in table:
        raise ConfigError(
            f"{name} is a {kind}, which cannot be written as source code. Replace "
            "it by layers of Handgrad, or save the network with save()."
        )
    check_as_released(layer, name)


def check_as_released(layer: Layer[Any], name: str) -> None:
    """ConfigError for a layer whose equations an export would not know."""
    if is_rewritten(type(layer)):
        raise ConfigError(
            f"{name} is a {type(layer).__name__}, whose equations were changed, and an "
            "export would have the original ones. Undo the change, or save the network "
            "with save()."
        )


def weights_of(layer: Layer[Any]) -> dict[str, NumpyArray]:
    """The parameters and buffers of a layer by name, float32."""
    held = {**layer.parameters(), **layer.buffers()}
    return {
        name: np.ascontiguousarray(to_numpy(each.value), dtype=np.float32)
        for name, each in held.items()
    }


def weight_count(network: Sequential) -> int:
    """The number of all weights of a network, running statistics included."""
    held = [*network.parameters().values(), *network.buffers().values()]
    return sum(prod(each.value.shape) for each in held)
