"""The layers of a network by name, and of exactly which class a thing is.

A subclass, or an object whose own methods were replaced, is not of the class that it
comes from: it runs by its own `forward` and `backward`, as it is written.
"""

from collections.abc import Collection
from typing import Any

from handgrad.layers import Layer, Residual, Sequential
from handgrad.randomness import Key

Named = tuple[str, Layer[Any]]
PASSES = ("forward", "backward", "parameters", "buffers", "output_shape")


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


def within(layer: Layer[Any]) -> dict[str, Layer[Any]]:
    """The layers that a container of Handgrad's, or one derived from it, holds."""
    if isinstance(layer, Sequential):
        return dict(layer.layers)
    if isinstance(layer, Residual):
        ways = {"body": layer.body, "shortcut": layer.shortcut}
        return {name: way for name, way in ways.items() if way is not None}
    return {}


def layer_key(key: Key, name: str) -> Key:
    """The key of a layer by its full name, such as residual_1.body.dropout_1."""
    return key.child(name.replace(".", "/")) if name else key
