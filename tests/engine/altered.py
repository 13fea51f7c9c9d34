"""Subclasses of every public class that do something else than the original."""

import inspect
from dataclasses import dataclass
from types import MethodType

from handgrad import layers, losses, optimizers
from handgrad.layers import Layer, Sequential
from handgrad.losses import L2, Loss
from handgrad.optimizers import Optimizer

from .networks import Network

SCALE = 1.5


def public(package, base):
    """The classes that a package exports and that can be made, by name."""
    found = {name: getattr(package, name) for name in package.__all__}
    return {
        name: kind
        for name, kind in found.items()
        if isinstance(kind, type)
        and issubclass(kind, base)
        and not inspect.isabstract(kind)
    }


LAYER_CLASSES = public(layers, Layer)
LOSS_CLASSES = public(losses, Loss)
OPTIMIZER_CLASSES = public(optimizers, Optimizer)


def altered_layer(kind):
    """The layer, its outputs larger by half."""

    class Altered(kind):
        def forward(self, inputs, **options):
            outputs, cache = kind.forward(self, inputs, **options)
            return SCALE * outputs, cache

        def backward(self, d_outputs, cache):
            return kind.backward(self, SCALE * d_outputs, cache)

    return Altered


def altered_loss(kind):
    """The loss, larger by half."""

    class Altered(kind):
        def forward(self, logits, targets):
            loss, cache = kind.forward(self, logits, targets)
            return SCALE * loss, cache

        def backward(self, cache):
            return SCALE * kind.backward(self, cache)

    return Altered


def altered_optimizer(kind):
    """The rule, and then every parameter grows by half."""

    class Altered(kind):
        def update(self, parameter, gradient, state, step):
            kind.update(self, parameter, gradient, state, step)
            parameter.value = SCALE * parameter.value

    return Altered


class AlteredL2(L2):
    """A penalty on biases too, and larger by half."""

    def penalty(self, parameters):
        squares = [float((p.value**2).sum()) for p in parameters.values()]
        return SCALE * self.strength * sum(squares)

    def gradients(self, parameters):
        return {n: 2 * SCALE * self.strength * p.value for n, p in parameters.items()}


def as_subclass(thing, altered):
    """The same object as one of the subclass."""
    thing.__class__ = altered(type(thing))
    return thing


def in_place(thing, altered):
    """The same object, its own methods replaced by those of the subclass."""
    for name, method in vars(altered(type(thing))).items():
        if not name.startswith("_"):
            setattr(thing, name, MethodType(method, thing))
    return thing


@dataclass(frozen=True)
class AlteredNetwork(Network):
    """A network of which one layer was altered."""

    place: int = 0
    alter: object = as_subclass

    def model(self, seed=0):
        layers = list(super().model(seed).layers.values())
        layers[self.place] = self.alter(layers[self.place], altered_layer)
        return Sequential(layers)


class WholeNetwork(AlteredNetwork):
    """A network that is itself of another class."""

    def model(self, seed=0):
        return self.alter(Network.model(self, seed))
