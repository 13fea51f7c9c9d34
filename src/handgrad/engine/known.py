"""What the engine has kernels for: one table, by exact type.

A subclass, or an object whose own methods were replaced, is not in it: it runs by its
own `forward` and `backward`, as it is written.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeGuard, TypeVar

from handgrad.layers import (
    GELU,
    AveragePool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAveragePool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    Tanh,
)
from handgrad.randomness import Key

Kind = TypeVar("Kind")
Named = tuple[str, Layer[Any]]
LARGEST_WINDOW = 254  # a winner is one byte, and 255 says that there is none
BATCH_NORMS = (BatchNorm1d, BatchNorm2d)


def _has_small_window(layer: MaxPool2d) -> bool:
    return layer.kernel_size[0] * layer.kernel_size[1] <= LARGEST_WINDOW


def _keeps_the_sign(layer: LeakyReLU) -> bool:
    return layer.negative_slope > 0  # else the outputs would not tell the inputs'


# each class of layer, and the settings that its kernels cannot do without
KNOWN: dict[type, Callable[[Any], bool] | None] = {
    AveragePool2d: None,
    BatchNorm1d: None,
    BatchNorm2d: None,
    Conv2d: None,
    Dropout: None,
    Flatten: None,
    GELU: None,
    GlobalAveragePool2d: None,
    LeakyReLU: _keeps_the_sign,
    Linear: None,
    MaxPool2d: _has_small_window,
    ReLU: None,
    Residual: None,
    Sigmoid: None,
    Tanh: None,
}
PASSES = ("forward", "backward", "parameters", "buffers", "output_shape")


def known(layer: object) -> type | None:
    """A layer's class where the engine has kernels for it; None for any other."""
    kind = exact(layer, KNOWN)
    suits = None if kind is None else KNOWN[kind]
    return kind if suits is None or suits(layer) else None


def is_known_as(layer: object, kind: type[Kind]) -> TypeGuard[Kind]:
    """Whether the engine has kernels for a layer, as one of exactly this class."""
    return known(layer) is kind


def exact(thing: object, kinds: Collection[type]) -> type | None:
    """The class of a thing if it is one of these and runs as that class is written."""
    kind = type(thing)
    return kind if kind in kinds and not _is_changed(thing) else None


def _is_changed(thing: object) -> bool:
    """Whether the object itself has a method in place of its class's."""
    own = getattr(thing, "__dict__", {})
    return any(callable(getattr(type(thing), name, None)) for name in own)


def layers_of(model: Layer[Any]) -> list[Named]:
    """A network's layers by name; itself, without one, if its passes are its own."""
    if isinstance(model, Sequential) and not _is_changed(model):
        methods = [(getattr(type(model), n), getattr(Sequential, n)) for n in PASSES]
        if all(own is inherited for own, inherited in methods):
            return [x for named in model.layers.items() for x in parts_of(*named)]
    return [("", model)]


def parts_of(name: str, layer: Layer[Any]) -> list[Named]:
    """The layers of a Sequential within a network, by their full names; else itself."""
    if exact(layer, (Sequential,)) is None:
        return [(name, layer)]
    inner: Any = layer
    return [
        found
        for own, part in inner.layers.items()
        for found in parts_of(f"{name}.{own}", part)
    ]


def layer_key(key: Key, name: str) -> Key:
    """The key of a layer by its full name, such as residual_1.body.dropout_1."""
    return key.child(name.replace(".", "/")) if name else key


def leaves_of(model: Layer[Any]) -> Iterator[Layer[Any]]:
    """All layers that compute, those within residual connections included."""
    for _, layer in layers_of(model):
        if is_known_as(layer, Residual):
            yield from ways_of(layer)
        else:
            yield layer


def ways_of(layer: Residual) -> Iterator[Layer[Any]]:
    """The layers of the body, then those of the shortcut."""
    for way in (layer.body, layer.shortcut):
        if way is not None:
            for _, part in parts_of("", way):
                yield from leaves_of(part)
