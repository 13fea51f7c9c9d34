"""All parameters of a model in one flat array, and its buffers.

The model's own parameters become views of it, so the plain layers and the engine always
read the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np

from handgrad.arrays import NumpyArray, to_numpy
from handgrad.engine.memory_plan import FLOAT_BYTES, Pointer, pointer_to
from handgrad.engine.optimizer_states import rule_of
from handgrad.engine.pages import zeros
from handgrad.optimizers import Optimizer
from handgrad.optimizers.optimizer import State
from handgrad.parameter import Buffer, Parameter

ALIGNMENT = 16  # floats: parameters are aligned to cache lines


@dataclass
class ParameterStore:
    """The arrays of a model at fixed addresses: parameters in one flat array.

    Each parameter's value is a view of it, and each buffer's value an array of its own,
    until a user assigns another; `take_over` copies that one.
    """

    parameters: dict[str, Parameter]
    buffers: dict[str, Buffer] = field(default_factory=dict)
    offsets: dict[str, int] = field(init=False)
    values: NumpyArray = field(init=False)

    def __post_init__(self) -> None:
        self.offsets, total = {}, 0
        self._shapes = {name: p.shape for name, p in self.arrays.items()}
        self.multipliers = self._multipliers()
        for name in self.parameters:
            self.offsets[name] = total
            total += -(-prod(self._shapes[name]) // ALIGNMENT) * ALIGNMENT
        self.values = aligned(total)
        self._places = {name: self.view(self.values, name) for name in self.parameters}
        for name in self.buffers:
            self._places[name] = np.zeros(self._shapes[name], dtype=np.float32)
        self.take_over()

    @property
    def arrays(self) -> dict[str, Parameter]:
        """Parameters and buffers by name."""
        return {**self.parameters, **self.buffers}

    def fits(self) -> bool:
        """Whether the arrays have the shapes of their places, and the multipliers."""
        is_same = self.multipliers == self._multipliers()
        shapes = self._shapes
        return is_same and all(p.shape == shapes[n] for n, p in self.arrays.items())

    def _multipliers(self) -> dict[str, float]:
        return {n: p.learning_rate_multiplier for n, p in self.parameters.items()}

    def take_over(self) -> None:
        """Copy assigned arrays into their places, as float32, and use the copies."""
        for name, parameter in self.arrays.items():
            place = self._places[name]
            if parameter.value is not place:
                place[...] = to_numpy(parameter.value)
                parameter.value = place

    def view(self, flat: NumpyArray, name: str) -> NumpyArray:
        """One parameter's part of a flat array, in its own shape."""
        shape, start = self._shapes[name], self.offsets[name]
        return flat[start : start + prod(shape)].reshape(shape)

    def pointer(self, name: str, flat: NumpyArray | None = None) -> Pointer:
        """A pointer to one parameter's part of a flat array."""
        return pointer_to(self.view(self.values if flat is None else flat, name), name)

    @property
    def size(self) -> int:
        """Floats in the flat array."""
        return len(self.values)


def aligned(size: int) -> NumpyArray:
    """Zeros aligned to a cache line."""
    return zeros(size * FLOAT_BYTES).view(np.float32)


def flat_states(
    optimizer: Optimizer, store: ParameterStore, before: Mapping[str, State]
) -> dict[str, NumpyArray]:
    """The state of an optimizer with a kernel, a flat array by name; else none.

    The state `before` is kept where the parameter still has that shape.
    """
    sample = Parameter(np.zeros(1, np.float32))
    is_known = rule_of(optimizer) is not None
    names = optimizer.initial_state(sample) if is_known else ()
    flats = {key: aligned(store.size) for key in names}
    for key, flat in flats.items():
        for name in store.parameters:
            place, old = store.view(flat, name), before.get(name, {}).get(key)
            if old is not None and old.shape == place.shape:
                place[...] = old
    return flats
