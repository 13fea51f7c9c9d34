"""Check each kind of arguments and of result of a function once.

A check binds and compares every axis, for a tenth of a millisecond; a training calls
the same layers with the same shapes thousands of times.
"""

from functools import cache, wraps
from inspect import isgeneratorfunction
from threading import local

LONGEST = 32  # longer lists are checked at every call


class UncertainError(Exception):
    """A value whose kind a few words cannot tell."""


def checked_once(function, check):
    """`check(function)` until it has passed for such arguments and such a result.

    It is made at the first call: many a test calls few of the functions it imports.
    """
    if isgeneratorfunction(function):
        return check(function)
    checked = cache(lambda: check(function))
    found = local()  # a result, in place of a second call: that could change something
    check_of_found = cache(lambda: check(wraps(function)(lambda *_, **__: found.value)))
    passed = {}

    @wraps(function)
    def call(*args, **kwargs):
        given = kind_if_certain((args, kwargs))
        if given is None:
            return checked()(*args, **kwargs)
        if given not in passed:
            result = checked()(*args, **kwargs)
            passed[given] = {kind_if_certain(result)}
            return result
        result = function(*args, **kwargs)
        result_kind = kind_if_certain(result)
        if result_kind is None or result_kind not in passed[given]:
            found.value = result
            check_of_found()(*args, **kwargs)
            passed[given].add(result_kind)
            del found.value
        return result

    return call


def kind_if_certain(value):
    try:
        return kind(value)
    except UncertainError:
        return None


def kind(value):
    """What checks look at: types, shapes of arrays, words, and what lists contain."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return type(value), shape, getattr(value, "dtype", None)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return (type(value), *map(kind, short(value)))
    if isinstance(value, dict):
        return (type(value), *((kind(k), kind(v)) for k, v in short(value.items())))
    return type(value)


def short(values):
    if len(values) > LONGEST:
        raise UncertainError
    return values
