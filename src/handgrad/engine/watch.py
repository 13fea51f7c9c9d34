"""Notice assigned attributes: one comparison of identities a step."""

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter, is_, is_not
from typing import Any

from handgrad.engine.network_layers import within
from handgrad.layers import Layer, Sequential
from handgrad.optimizers import SGD
from handgrad.parameter import Parameter

OWN = "handgrad."  # objects of these classes hold settings and arrays only
ENGINE_SETTINGS = (
    *("loss", "optimizer", "l2", "clip_norm", "normalization", "model"),
    *("input_shape", "input_dtype", "seed"),
)
_END = object()  # so that a longer or shorter sequence differs


class Watch:
    """Remembers the attributes of some objects by identity.

    Assigning an equal value counts as a change; changing an array in place does not.
    """

    def __init__(self, *views: Iterable[Any]) -> None:
        self.views = views
        self._ended = (*views, (_END,))
        self._seen = tuple(chain.from_iterable(self._ended))

    def is_changed(self) -> bool:
        """Whether anything was assigned, added or removed."""
        return not all(map(is_, chain.from_iterable(self._ended), self._seen))


def attributes_of(*objects: Any) -> list[Iterable[Any]]:
    """Live views of the values of all attributes."""
    return [vars(each).values() for each in objects]


def is_own(thing: Any) -> bool:
    """Whether its class is one of Handgrad's, not derived from one."""
    return type(thing).__module__.startswith(OWN)


class Chosen:
    """A live view of the values of some attributes."""

    def __init__(self, thing: Any, *names: str) -> None:
        self._thing, self._get = thing, attrgetter(*names)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._get(self._thing))


class SettingsWatch:
    """Notices changes of an engine's parts, and of settings in its program.

    An optimizer's numbers are read at every step. Only the momentum of SGD decides
    which state it has, and which kernel runs.
    """

    def __init__(self, engine: Any, *names: str) -> None:
        self._get = attrgetter(*ENGINE_SETTINGS, *names)
        self._parts = self._get(engine)  # not the engine itself: that would be a cycle
        self.views = attributes_of(*filter(is_own, (engine.loss, engine.l2)))
        if is_own(engine.optimizer):
            self.views.append(vars(engine.optimizer).keys())  # a replaced method counts
        if type(engine.optimizer) is SGD:
            self.views.append(Chosen(engine.optimizer, "momentum", "nesterov"))
        self._settings = Watch(*self.views)

    def has_other_parts(self, engine: Any) -> bool:
        """Whether a part of the engine was replaced."""
        return any(map(is_not, self._get(engine), self._parts))

    def is_changed(self, engine: Any) -> bool:
        """Whether a part of the engine was replaced, or a setting of a part."""
        return self.has_other_parts(engine) or self._settings.is_changed()


class LayerWatch:
    """Notices changes of layers, of settings of Handgrad's layers, of parameters.

    A user's own layer runs by its own methods, which read its settings each time; of
    such a layer only the parameters are watched.
    """

    def __init__(self, model: Sequential) -> None:
        views: list[Iterable[Any]] = []
        self._others: list[Layer[Any]] = []
        for layer in all_layers(model):
            if is_own(layer):
                views += attributes_of(layer)
            else:
                self._others.append(layer)
            if isinstance(layer, Sequential):
                views += [layer.layers.keys(), layer.layers.values()]
        self.settings = Watch(*views)
        self.has_others = bool(self._others)
        self._own_parameters = self._identities()

    def is_changed(self) -> bool:
        """Whether anything was assigned."""
        if self.settings.is_changed():
            return True
        return self.has_others and self._identities() != self._own_parameters

    def _identities(self) -> list[Parameter]:
        return [
            parameter
            for layer in self._others
            for parameter in {**layer.parameters(), **layer.buffers()}.values()
        ]


def all_layers(layer: Layer[Any]) -> Iterator[Layer[Any]]:
    """A layer and all layers inside it; a user's own container counts as one."""
    yield layer
    for part in within(layer).values():
        yield from all_layers(part)
