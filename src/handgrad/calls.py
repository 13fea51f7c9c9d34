"""Whether a function of a user can be called as Handgrad calls it."""

from collections.abc import Callable
from inspect import signature
from typing import Any


def misfit(function: Callable[..., Any], *given: Any, **named: Any) -> str:
    """Why a function cannot be called with these arguments; empty if it can.

    Also empty if its parameters are unknown, as those of some functions written in C.
    """
    try:
        parameters = signature(function)
    except (TypeError, ValueError):
        return ""
    try:
        parameters.bind(*given, **named)
    except TypeError as error:
        return str(error)
    return ""
