"""Arrays that belong to a layer: trainable parameters and buffers."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import Array, Shape, to_numpy
from handgrad.errors import ConfigError, ShapeError
from handgrad.randomness import Key
from handgrad.setting import at_least

__all__ = [
    "Buffer",
    "Parameter",
]

DEFAULT_KEY = Key(0).child("initialization")


class Draw(NamedTuple):
    """How to draw an initial value; `key` is None until one is chosen."""

    shape: Shape
    initializer: Callable[[Shape, Key], Array]
    key: Key | None


class Parameter:
    """A trainable array; only an optimizer changes its `value`.

    `value` is an array of any library that follows the array API; assigning anything
    else raises ConfigError. `learning_rate_multiplier`, 1 by default, multiplies the
    learning rate of this parameter; with 0 it is frozen: engines do not update it. The
    first layers of a network are not trained at all if all their parameters are frozen.

    `Parameter.drawn` makes one whose initial value is drawn on first access. Until then
    the network that the layer becomes part of may choose its key, so that no two layers
    of a network start with equal weights. ShapeError if the initializer returns another
    shape.
    """

    learning_rate_multiplier = at_least(0)
    _value: Array
    _draw: Draw | None
    _drawn: Draw | None  # of a value that was read, with a key that was chosen for it
    key: Key | None  # the key that the value was drawn from, if any

    def __init__(self, value: Array) -> None:
        self.value = value
        self.learning_rate_multiplier = 1.0

    @classmethod
    def drawn(
        cls,
        shape: Shape,
        initializer: Callable[[Shape, Key], Array],
        key: Key | None = None,
    ) -> "Parameter":
        """Make a parameter whose initial value is `initializer(shape, key)`.

        `shape` is a tuple of sizes. Without a `key` the network chooses one.
        """
        made = cls.__new__(cls)
        made._value, made._draw, made.key = None, Draw(shape, initializer, key), key
        made._drawn = None
        made.learning_rate_multiplier = 1.0
        return made

    @property
    def value(self) -> Array:
        """The array; an initial value is drawn on first access."""
        if self._draw is not None:
            draw, key = self._draw, self.key or DEFAULT_KEY.child("weight")
            value = draw.initializer(draw.shape, key)
            if tuple(getattr(value, "shape", ())) != draw.shape:
                raise ShapeError(
                    f"An initializer returned {getattr(value, 'shape', value)}, "
                    f"expected an array of shape {draw.shape}. Return an array of that "
                    "shape."
                )
            self.value, self.key = value, key
            self._drawn = draw if draw.key is None else None
        return self._value

    @value.setter
    def value(self, value: Array) -> None:
        if not hasattr(value, "shape") or not hasattr(value, "dtype"):
            raise ConfigError(
                f"The value of a parameter is an array, got {type(value).__name__}. "
                "Convert it with numpy.asarray(..., dtype='float32')."
            )
        self._value, self._draw, self.key = value, None, None
        self._drawn = None

    def forget_draw(self) -> None:
        """Undo the draw of an initial value that was only read, unless its key is own.

        The network that the layer becomes part of may then choose another key.
        """
        draw = self._drawn
        if draw is None or self.key is None:
            return
        again = to_numpy(draw.initializer(draw.shape, self.key))
        if np.array_equal(to_numpy(self._value), again):  # not changed in place
            self._value, self._draw, self._drawn, self.key = None, draw, None, None

    @property
    def is_drawn(self) -> bool:
        """Whether the array has been created."""
        return self._draw is None

    @property
    def has_own_key(self) -> bool:
        """Whether the layer was given a key and the value has not been drawn yet."""
        return self._draw is not None and self._draw.key is not None

    @property
    def shape(self) -> Shape:
        """Shape of the array."""
        return self._draw.shape if self._draw is not None else tuple(self._value.shape)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Parameter":
        from copy import deepcopy

        made = type(self).__new__(type(self))
        memo[id(self)] = made
        draws = {"_draw": self._draw, "_drawn": self._drawn}
        kept = {k: v for k, v in vars(self).items() if k not in draws}
        made.__dict__.update(deepcopy(kept, memo), **draws)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_value": self.value, "_draw": None, "_drawn": None}

    def __repr__(self) -> str:
        dtype = self._value.dtype if self.is_drawn else "float32"
        return f"{type(self).__name__}(shape={self.shape}, dtype={dtype})"


class Buffer(Parameter):
    """An array of a layer that is not trained, such as running statistics.

    `value` is the array; assigning anything else raises ConfigError.
    """


def check_are_parameters(arrays: Mapping[str, object]) -> None:
    """Raise ConfigError unless each is a parameter or a buffer."""
    for name, found in arrays.items():
        if not isinstance(found, Parameter):
            raise ConfigError(
                f"{name} is a Parameter or a Buffer of its layer, got one "
                f"{type(found).__name__}. Wrap the array when the layer is made: "
                "Parameter(array), or Buffer(array) if it is not trained."
            )
