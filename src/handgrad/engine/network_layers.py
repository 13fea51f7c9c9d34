"""The layers of a network by name, and the exact class of an object.

A subclass, or an object whose methods were replaced, does not count as its base class:
it runs by its own `forward` and `backward`. So does a class of the library whose
equations were changed.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from handgrad.equations import is_rewritten
from handgrad.errors import warn
from handgrad.layers import Layer, Sequential
from handgrad.layers.branches import Branches
from handgrad.parameter import Parameter
from handgrad.randomness import Key

Named = tuple[str, Layer[Any]]
SAID: set[type] = set()  # the changed classes that were named already
PASSES = ("forward", "backward", "parameters", "buffers", "output_shape")


def exact(thing: object, kinds: Collection[type]) -> type | None:
    """The class of an object if it is one of these, with its methods unchanged."""
    kind = type(thing)
    if kind not in kinds or _is_changed(thing):
        return None
    if not is_rewritten(kind):
        return kind
    if kind not in SAID:
        SAID.add(kind)
        warn(
            f"{kind.__name__} is not as it was released: its equations run as they are "
            "written now, which is slower than the kernels derived from them."
        )
    return None


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


def frozen_count(layers: Iterable[Layer[Any]]) -> int:
    """How many of the first layers are frozen: up to the last with parameters.

    They run as for a prediction, without dropout and with the running statistics of
    batch normalization, and have no backward pass.
    """
    count = 0
    for place, layer in enumerate(layers, 1):
        if trained(layer.parameters()):
            break
        if layer.parameters():
            count = place
    return count


def multiplier_of(layer: Layer[Any]) -> str:
    """How a layer is trained, in words: frozen, x 0.1, or an empty text if as usual."""
    found = {p.learning_rate_multiplier for p in layer.parameters().values()}
    if found in ({1.0}, set()):
        return ""
    return ", ".join("frozen" if one == 0 else f"x {one:g}" for one in sorted(found))


def trained(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters that are not frozen: an optimizer updates them."""
    return {n: p for n, p in parameters.items() if p.learning_rate_multiplier}


def within(layer: Layer[Any]) -> dict[str, Layer[Any]]:
    """The layers inside a container of Handgrad's, or one derived from it."""
    if isinstance(layer, Sequential):
        return dict(layer.layers)
    return layer.parts() if isinstance(layer, Branches) else {}


def layer_key(key: Key, name: str) -> Key:
    """The key of a layer by its full name, such as residual_1.body.dropout_1."""
    return key.child(name.replace(".", "/")) if name else key
