"""Settings by name: which ones a function takes, and calling it with them.

The edge where words from a command line or a configuration become arguments: an
unknown name offers the nearest known one, a value of the wrong kind is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from inspect import Parameter, signature
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from handgrad.errors import ConfigError, unknown_name
from handgrad.names import known_name
from handgrad.ranges import shown

Entry = TypeVar("Entry")

GIVEN = ("key", "input_shape", "classes", "seed")  # by the data or by the whole run

WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a name",
    type(None): "nothing",
}


def named(kind: str, table: Mapping[str, Entry], name: str) -> Entry:
    """The entry of that name; ConfigError with the nearest known name if none."""
    return table[name_of(kind, table, name)]


def name_of(kind: str, table: Mapping[str, Any], name: str) -> str:
    """A name as the table spells it; ConfigError with the nearest one if none."""
    if not isinstance(name, str):
        article = "An" if kind[0] in "aeiou" else "A"
        raise ConfigError(
            f"{article} {kind} is chosen by its name, got {shown(name)}. "
            f"Give one of: {', '.join(sorted(table))}."
        )
    known = known_name(name, table)
    if known is None:
        raise unknown_name(kind, name, table)
    return known


def options_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The option names that a user may set, in the order of the signature.

    Left out are those that the run or the data gives: `key`, `input_shape`,
    `classes`, `seed`.
    """
    return tuple(name for name in _parameters(function) if name not in GIVEN)


@lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """The parameters of a function; a sweep of many settings asks for them often."""
    return signature(function).parameters


def call(
    owner: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    **given: Any,
) -> Any:
    """Call the function with checked options, and with `given` as it stands."""
    for name in options:
        if name in given:
            known = [other for other in options_of(function) if other not in given]
            raise unknown_name(f"option of {owner}", name, known)
    for name in given:
        if name not in _parameters(function):
            raise unknown_name(f"argument of {owner}", name, _parameters(function))
    return function(**checked(owner, function, options, tuple(given)), **given)


def checked(
    owner: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    given: Sequence[str] = (),
) -> dict[str, Any]:
    """The options, each of the kind that the function's signature asks for.

    A word that spells a number becomes that number, a list that stands for a pair
    becomes a pair. `given` names arguments that come from elsewhere.
    """
    known = options_of(function)
    for name in options:
        if name not in known:
            raise unknown_name(f"option of {owner}", name, known)
    missing = [
        name
        for name, parameter in _parameters(function).items()
        if parameter.default is Parameter.empty
        and name in known
        and name not in (*options, *given)
    ]
    if missing:
        raise ConfigError(
            f"{owner} needs {' and '.join(missing)}. Add {missing[0]} to its options."
        )
    kinds = hints_of(function)
    return {
        name: value_of_kind(f"{owner} takes {name}", value, kinds[name])
        for name, value in options.items()
    }


@lru_cache(maxsize=256)
def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotation of each argument of a function, or of a class's constructor."""
    wanted = signature(function, eval_str=True).parameters
    return {name: parameter.annotation for name, parameter in wanted.items()}


def value_of_kind(who: str, value: Any, kind: Any) -> Any:
    """The value as the annotated kind; ConfigError that says the kind in words."""
    from pydantic import ConfigDict, TypeAdapter

    adapter = TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))
    try:
        if _holds_truth(value) and "true or false" not in in_words(kind):
            raise ValueError("true is no number here")
        return adapter.validate_python(value)
    except ValueError as error:  # pydantic's is one
        raise ConfigError(
            f"{who} as {in_words(kind)}, got {shown(value)}. Change it and try again."
        ) from error


def _holds_truth(value: Any) -> bool:
    """Whether a value is true or false, or a list that has one of them."""
    import numpy as np  # help texts do without

    if isinstance(value, list | tuple):
        return any(map(_holds_truth, value))
    return isinstance(value, bool | np.bool_)


def in_words(kind: Any) -> str:
    """An annotation as a reader would say it."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in WORDS:
        return WORDS[kind]
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(in_words(part) for part in parts))
    if origin is Literal:
        return " or ".join(repr(part) for part in parts)
    if origin is tuple and parts and parts[-1] is not Ellipsis:
        return f"{len(parts)} values, each {in_words(parts[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a table with a name"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list, each {in_words(parts[0])}"
    if origin is not None:
        return "a function"
    return f"a {kind.__name__}" if isinstance(kind, type) else str(kind)
