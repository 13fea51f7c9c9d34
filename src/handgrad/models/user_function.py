"""Networks built by a user's function."""

from collections.abc import Callable
from typing import Any, TypeAlias

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.ranges import shown

MakeModel: TypeAlias = Callable[[Shape, int, int], Sequential]


def made_by(make: MakeModel, shape: Shape, classes: int, seed: int) -> Sequential:
    """Call the user's function; ConfigError unless it returns a Sequential."""
    made: Any = make(shape, classes, seed)
    if not isinstance(made, Sequential):
        raise ConfigError(
            "The model function must return a handgrad.layers.Sequential, got "
            f"{shown(made)}. Return the network from the function."
        )
    return made
