"""Networks built by a user's function."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.ranges import shown

MakeModel: TypeAlias = Callable[[Shape, int, int], Sequential]

TORCH = "torch.nn.modules.module"  # where the base class of torch modules is
NEXT = "Give a function (input_shape, classes, seed) that returns a Sequential."


def check_function(make: Any) -> None:
    """ConfigError for a torch module, and for other arguments than a network needs."""
    if any(base.__module__ == TORCH for base in type(make).__mro__):
        raise ConfigError(
            f"{shown(make)} is a torch module, which cannot be trained here. Convert "
            "it: model=handgrad.interop.from_torch(module, input_shape)."
        )
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):  # unknown, as for some functions written in C
        return
    try:
        signature.bind((), 0, 0)
    except TypeError as error:
        raise ConfigError(
            f"The model function is called with the input shape, the number of classes "
            f"and the seed, but {_name(make)} takes {signature}. {NEXT}"
        ) from error


def made_by(make: MakeModel, shape: Shape, classes: int, seed: int) -> Sequential:
    """Call the user's function; ConfigError unless it returns a Sequential."""
    check_function(make)
    try:
        made: Any = make(shape, classes, seed)
    except TypeError as error:
        if inspect.isroutine(make) or isinstance(make, partial):
            raise  # an error in the function itself
        raise ConfigError(
            f"The model {shown(make)} cannot be called with the input shape, the "
            f"number of classes and the seed: {error}. {NEXT}"
        ) from error
    if not isinstance(made, Sequential):
        raise ConfigError(
            "The model function must return a handgrad.layers.Sequential, got "
            f"{shown(made)}. Return the network from the function."
        )
    return made


def _name(make: Any) -> str:
    name = getattr(make, "__name__", "")
    return name if isinstance(name, str) and name else shown(make)
