"""Options by name: listing those of a function, checking them, calling it with them.

Values of a command line or a configuration become arguments here: an unknown name is an
error that suggests the closest known one, as is a value of the wrong type.
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

GIVEN = ("key", "input_shape", "classes", "seed")  # set by the data or by the run

WORDS: dict[Any, str] = {
    int: "an integer",
    float: "a number",
    bool: "true or false",
    str: "a string",
    type(None): "None",
}


def named(kind: str, table: Mapping[str, Entry], name: str) -> Entry:
    """The entry of that name; ConfigError for an unknown name."""
    return table[name_of(kind, table, name)]


def name_of(kind: str, table: Mapping[str, Any], name: str) -> str:
    """A name as spelled in the table; ConfigError for an unknown name."""
    if not isinstance(name, str):
        article = "An" if kind[0] in "aeiou" else "A"
        raise ConfigError(
            f"{article} {kind} is selected by name, got {shown(name)}. "
            f"Give one of: {', '.join(sorted(table))}."
        )
    known = known_name(name, table)
    if known is None:
        raise unknown_name(kind, name, table)
    return known


def options_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the options that a user may set, in the order of the signature.

    Excludes those set by the run or by the data: `key`, `input_shape`, `classes`,
    `seed`.
    """
    return tuple(name for name in _parameters(function) if name not in GIVEN)


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The options of a function with their defaults; None where one must be given."""
    defaults = {
        name: _parameters(function)[name].default for name in options_of(function)
    }
    return {n: None if v is Parameter.empty else v for n, v in defaults.items()}


@lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """The parameters of a function, cached: a large sweep needs them often."""
    return signature(function).parameters


def call(
    owner: str,
    function: Callable[..., Any],
    options: Mapping[str, Any],
    **given: Any,
) -> Any:
    """Call the function with checked options, and with `given` unchecked."""
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
    """Check the options and convert them to the types of the function's signature.

    A list of two becomes a pair if the function takes one; a string that holds a number
    is no number. `given` names arguments that are set elsewhere.
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
    """Convert a value to the annotated type; ConfigError if it does not match."""
    adapter = _adapter(kind)
    try:
        if _holds_truth(value) and "true or false" not in in_words(kind):
            raise ValueError("a boolean is not a number here")
        made = adapter.validate_python(value)
        if _reads_text(value, made):
            raise ValueError("a string is not a number here")
        return made
    except ValueError as error:  # pydantic's is one
        raise ConfigError(f"{who} as {in_words(kind)}, got {shown(value)}.") from error


def _reads_text(value: Any, made: Any) -> bool:
    """Whether a string, or one in a list, has become something else."""
    if isinstance(value, str):
        return not isinstance(made, str)
    is_list = isinstance(value, list | tuple) and isinstance(made, list | tuple)
    return is_list and any(map(_reads_text, value, made))


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(kind, config=ConfigDict(arbitrary_types_allowed=True))


def _holds_truth(value: Any) -> bool:
    """Whether a value is a boolean, or a list that contains one."""
    import numpy as np  # not needed for help texts

    if isinstance(value, list | tuple):
        return any(map(_holds_truth, value))
    return isinstance(value, bool | np.bool_)


def in_words(kind: Any) -> str:
    """An annotation in words, for messages."""
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
        return f"a list, each item {in_words(parts[0])}"
    if origin is not None:
        return "a function"
    return f"a {kind.__name__}" if isinstance(kind, type) else str(kind)
