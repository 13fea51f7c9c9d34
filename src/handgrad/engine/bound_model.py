"""A model with its arrays in the engine's memory, kept up to date with assignments.

Programs hold addresses and settings. So before each step and each prediction the
engine checks whether an array, a layer or a setting was assigned.
"""

from collections.abc import Iterable
from typing import Any

from handgrad.engine.model_lock import lock_of
from handgrad.engine.parameter_check import check_parameters
from handgrad.engine.parameter_store import ParameterStore
from handgrad.engine.watch import LayerWatch, Watch, attributes_of
from handgrad.layers import Sequential


class BoundModel:
    """A model, its arrays, its lock, and counts of changes.

    Use it under its lock. A program made for another `version` of the layers is out of
    date; so are packed weights made at another count of `updates`.
    """

    def __init__(self, model: Sequential) -> None:
        self.model, self.lock = model, lock_of(model)
        self.version = 0
        self.updates = 0
        with self.lock:
            self._bind()

    def refresh(self) -> None:
        """Take over arrays, layers and settings that were assigned."""
        if self._layers.is_changed():
            self._bind()
            self.version += 1
        elif self._values.is_changed():
            self._take_over()

    def watch(self, *views: Iterable[Any]) -> Watch | None:
        """One watch of all that `refresh` follows, and `views`; None if impossible."""
        if self._layers.has_others:
            return None
        return Watch(*self._layers.settings.views, *self._values.views, *views)

    def _take_over(self) -> None:
        check_parameters(self.model)
        if self.store.fits():
            self.store.take_over()
            self.updates += 1
            self._values = self._watch_values()
        else:
            self._bind()
            self.version += 1

    def _bind(self) -> None:
        check_parameters(self.model)
        self._layers = LayerWatch(self.model)
        self.store = ParameterStore(self.model.parameters(), self.model.buffers())
        self._values = self._watch_values()

    def _watch_values(self) -> Watch:
        return Watch(*attributes_of(*self.store.arrays.values()))
