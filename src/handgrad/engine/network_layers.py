"""The layers of a network by name, and the exact class of an object.

A subclass, or an object whose methods were replaced, does not count as its base class:
it runs by its own `forward` and `backward`.
"""

from collections.abc import Collection
from typing import Any

from handgrad.layers import Layer, Sequential
from handgrad.layers.branches import Branches
from handgrad.randomness import Key

Named = tuple[str, Layer[Any]]
PASSES = ("forward", "backward", "parameters", "buffers", "output_shape")


def exact(thing: object, kinds: Collection[type]) -> type | None:
    """The class of an object if it is one of these, with its methods unchanged."""
    kind = type(thing)
    return kind if kind in kinds and not _is_changed(thing) else None


def _is_changed(thing: object) -> bool:
    """Whether the object has an attribute in place of a method of its class."""
    own = getattr(thing, "__dict__", {})
    return any(callable(getattr(type(thing), name, None)) for name in own)


def layers_of(model: Layer[Any]) -> list[Named]:
    """A network's layers by name; the network itself if it overrides its passes."""
    if isinstance(model, Sequential) and not _is_changed(model):
        methods = [(getattr(type(model), n), getattr(Sequential, n)) for n in PASSES]
        if all(own is inherited for own, inherited in methods):
            return [x for named in model.layers.items() for x in parts_of(*named)]
    return [("", model)]


def parts_of(name: str, layer: Layer[Any]) -> list[Named]:
    """The layers inside a Sequential by their full names; of others, the layer."""
    if exact(layer, (Sequential,)) is None:
        return [(name, layer)]
    inner = within(layer).items()
    return [x for own, part in inner for x in parts_of(f"{name}.{own}", part)]


def within(layer: Layer[Any]) -> dict[str, Layer[Any]]:
    """The layers inside a container of Handgrad's, or one derived from it."""
    if isinstance(layer, Sequential):
        return dict(layer.layers)
    return layer.parts() if isinstance(layer, Branches) else {}


def layer_key(key: Key, name: str) -> Key:
    """The key of a layer by its full name, such as residual_1.body.dropout_1."""
    return key.child(name.replace(".", "/")) if name else key
