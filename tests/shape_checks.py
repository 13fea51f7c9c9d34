"""Which functions are checked at run time: those whose annotations carry axes.

The rest is mypy's, and a user's mistakes must reach our own messages.
"""

from typing import get_args

from beartype import beartype
from jaxtyping import AbstractArray


def carries_axes(annotation):
    """Whether an annotation holds a `Float[Array, "batch features"]` or its like."""
    if isinstance(annotation, type) and issubclass(annotation, AbstractArray):
        return True
    return any(carries_axes(part) for part in get_args(annotation))


def check_axes(function):
    """The function with its annotations checked at each call, if they carry axes."""
    annotations = getattr(function, "__annotations__", {}).values()
    return beartype(function) if any(map(carries_axes, annotations)) else function
