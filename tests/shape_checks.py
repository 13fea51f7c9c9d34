"""Which functions are checked at run time: those whose annotations carry axes.

The rest is mypy's, and a user's mistakes must reach our own messages.
"""

from typing import get_args

from beartype import beartype
from jaxtyping import AbstractArray

from checked_once import checked_once


def carries_axes(annotation):
    """Whether an annotation holds a `Float[Array, "batch features"]` or its like."""
    if isinstance(annotation, type) and issubclass(annotation, AbstractArray):
        return True
    return any(carries_axes(part) for part in get_args(annotation))


def checked_where_axes_are(check):
    """`jaxtyped` for functions that carry axes only; others keep their speed."""

    def check_some(*, typechecker):
        whole = check(typechecker=typechecker)

        def wrap(thing):
            if isinstance(thing, type):
                return whole(thing)
            return checked_once(thing, whole) if has_axes(thing) else thing

        return wrap

    return check_some


def has_axes(function):
    """Whether an argument or the result of a function carries axes."""
    annotations = getattr(function, "__annotations__", {}).values()
    return any(map(carries_axes, annotations))


def check_axes(function):
    """The function with its annotations checked at each call, if they carry axes."""
    return beartype(function) if has_axes(function) else function
