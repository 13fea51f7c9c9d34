"""Type checks for the arguments of public functions, from their annotations."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from math import inf
from pathlib import Path
from types import UnionType
from typing import Any, ParamSpec, TypeVar, Union, Unpack, get_args, get_origin

import numpy as np

from handgrad.errors import ConfigError, unknown_name
from handgrad.options import in_words
from handgrad.ranges import LARGEST, check_seed, is_number, is_whole, shown

WIDEST = 2**63  # integers have 64 bits
Given = ParamSpec("Given")
Result = TypeVar("Result")


def takes_kinds(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Wrap a function to raise ConfigError for arguments that do not match their types.

    Numbers may be Python's or NumPy's, and must be finite; booleans are not numbers.
    Lists may be tuples or arrays, and may be empty only if the default is. `Any`,
    functions and annotations given as strings are not checked. `**kwargs` annotated
    with a TypedDict take the keys of that TypedDict.
    """
    parameters = signature(function)

    @wraps(function)
    def checked(*given: Given.args, **named: Given.kwargs) -> Result:
        found = parameters.bind_partial(*given, **named).arguments
        for name, value in found.items():
            kind = function.__annotations__.get(name)
            if get_origin(kind) is Unpack:
                fields = get_args(kind)[0].__annotations__
                known = (*list(parameters.parameters)[:-1], *fields)
                for field, its_value in value.items():
                    if field not in fields:
                        who = f"argument of {function.__name__}"
                        raise unknown_name(who, field, known)
                    _check(function.__name__, field, its_value, fields[field])
            else:
                _check(function.__name__, name, value, kind)
                default = parameters.parameters[name].default
                if kind is not Any and not _is_empty(default):
                    _check_not_empty(function.__name__, name, value)
        return function(*given, **named)

    return checked


def _check_not_empty(owner: str, name: str, value: object) -> None:
    if _is_empty(value):
        raise ConfigError(
            f"{owner} takes at least one value as {name}, got {shown(value)}. "
            "Give one, or omit the argument."
        )


def _is_empty(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0 and not len(value)
    return isinstance(value, list | tuple) and not value


def _check(owner: str, name: str, value: object, kind: Any) -> None:
    if name == "seed":
        check_seed(owner, name, value)
    if not is_of_kind(value, kind):
        raise ConfigError(
            f"{owner} takes {name} as {in_words(kind)}{_limit(value, kind)}, got "
            f"{shown(value)}."
        )


def _limit(value: object, kind: Any) -> str:
    """The allowed range in words if the value exceeds it, otherwise ''."""
    kinds = get_args(kind) or (kind,)
    if is_whole(value) and int in kinds:
        return f" from {-WIDEST} to {WIDEST - 1}"
    if is_number(value) and LARGEST < abs(value) < inf and float in kinds:
        return f" from {-LARGEST:g} to {LARGEST:g}"
    return ""


def is_of_kind(value: object, kind: Any) -> bool:
    """Whether a value matches an annotation, as far as that can be checked."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(is_of_kind(value, part) for part in parts)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping)
    if isinstance(origin, type) and issubclass(origin, Sequence):  # also a tuple
        if isinstance(value, np.ndarray) and value.ndim:
            value = list(value)
        if not isinstance(value, list | tuple):
            return False
        return all(is_of_kind(each, parts[0]) for each in value)
    if kind is Any or not isinstance(kind, type):
        return True
    return _SIMPLE.get(kind, lambda each: isinstance(each, kind))(value)


_SIMPLE: dict[type, Callable[[Any], bool]] = {
    int: lambda value: is_whole(value) and -WIDEST <= value < WIDEST,
    float: lambda value: is_number(value) and abs(value) <= LARGEST,
    bool: lambda value: isinstance(value, bool | np.bool_),
    Path: lambda value: isinstance(value, str | os.PathLike),
}
