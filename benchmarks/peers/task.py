"""The task of a peer: a network with initial parameters, an optimizer and images."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray, Shape, to_numpy
from handgrad.errors import ConfigError
from handgrad.inspection.speed.networks import Network

Step = Callable[[NumpyArray], Any]  # trains on these rows of the images; returns a loss


@dataclass(frozen=True)
class Way:
    """One configuration in which a library can train.

    `make_step` creates a step that starts from the initial parameters. `float` of its
    return value is the loss. `get_ready` sets the library's threads before a lap.
    """

    make_step: Callable[[], Step]
    threads: int
    get_ready: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Piece:
    """A layer and the shape of one of its input examples."""

    layer: Any
    input_shape: Shape

    def array(self, name: str) -> NumpyArray:
        """A copy of one of the layer's parameters."""
        return np.array(to_numpy(self.layer.parameters()[name].value))


@dataclass(frozen=True)
class Task:
    """A network to be trained on images in memory.

    Shapes
        images   (count, channels, height, width), uint8
        targets  (count,), class numbers
    """

    network: Network
    images: NumpyArray
    targets: NumpyArray
    batch_size: int

    def pieces(self) -> list[Piece]:
        """The layers of a new network with its initial parameters."""
        shape, found = self.network.image_shape, []
        for layer in self.network.build().layers.values():
            found.append(Piece(layer, shape))
            shape = layer.output_shape(shape)
        return found

    @cached_property
    def floats(self) -> NumpyArray:
        """The images as the network takes them, normalised before the race."""
        return self.network.normalization.apply(self.images)

    @cached_property
    def rows(self) -> NumpyArray:
        """The normalised images, one flat row each, for libraries without images."""
        return self.floats.reshape(len(self.floats), -1)

    @cached_property
    def channels_last(self) -> NumpyArray:
        """The normalised images as (count, height, width, channels)."""
        return np.ascontiguousarray(self.floats.transpose(0, 2, 3, 1))

    @property
    def is_dense(self) -> bool:
        """Whether the network has no convolutions."""
        return not any(isinstance(p.layer, layers.Conv2d) for p in self.pieces())

    def dense_weight(self, place: int) -> NumpyArray:
        """The weight of the linear layer at index `place`, as (inputs, outputs).

        After a Flatten layer, its rows are reordered from channels first to channels
        last.
        """
        pieces = self.pieces()
        weight = pieces[place].array("weight")
        before = pieces[place - 1] if place else None
        if before and not self.is_dense and isinstance(before.layer, layers.Flatten):
            images = weight.reshape(len(weight), *before.input_shape)
            weight = images.transpose(0, 2, 3, 1).reshape(len(weight), -1)
        return np.ascontiguousarray(weight.T)

    def refuse(self, peer: str, what: object) -> ConfigError:
        """The error for a layer or option that a peer does not support."""
        return ConfigError(
            f"{peer} does not support {what}, which {self.network.name} uses. "
            "Race another network or another peer."
        )


def plain_rate(rule: Any) -> float:
    """The learning rate of an optimizer, constant during a race."""
    return float(rule.learning_rate(1))


def outer_eps(rule: optimizers.Adam) -> float:
    """Adam's eps for libraries that add it before the bias correction of the square.

    Equations
        Handgrad  mean / (1 - beta1**step) / (sqrt(square / (1 - beta2**step)) + eps)
        others    mean * sqrt(1 - beta2**step) / (1 - beta1**step) / (sqrt(square) + e)
        equal in the first step with e = eps * sqrt(1 - beta2)
    """
    return float(rule.eps * np.sqrt(1 - rule.beta2))
