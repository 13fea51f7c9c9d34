"""A network that a function of the user makes."""

from collections.abc import Callable
from typing import Any, TypeAlias

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.ranges import shown

MakeModel: TypeAlias = Callable[[Shape, int, int], Sequential]


def made_by(make: MakeModel, shape: Shape, classes: int, seed: int) -> Sequential:
    """The network of a user's function; ConfigError if it returns none."""
    made: Any = make(shape, classes, seed)
    if not isinstance(made, Sequential):
        raise ConfigError(
            f"The function that makes the network returned {shown(made)}. Let it "
            "return a handgrad.layers.Sequential."
        )
    return made
