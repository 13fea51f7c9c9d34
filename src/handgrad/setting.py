"""Settings of layers, losses and optimizers, validated on every assignment."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from handgrad.ranges import (
    MOST,
    check_at_least,
    check_bool,
    check_count,
    check_fraction,
    check_positive,
)

Kind = TypeVar("Kind")
Check = Callable[[str, str, Any], Kind]


class Setting(Generic[Kind]):
    """A descriptor that validates its attribute as the constructor does.

    `check(owner, name, value)` returns the value to store, or raises ConfigError; the
    owner is named by its TITLE or its class. The value is stored in the object's
    `vars`, under the name of the attribute.
    """

    def __init__(self, check: Check[Kind], label: str = "") -> None:
        self.check, self.label = check, label

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.label = self.label or name

    @overload
    def __get__(self, thing: None, owner: type) -> "Setting[Kind]": ...
    @overload
    def __get__(self, thing: object, owner: type) -> Kind: ...
    def __get__(self, thing: object | None, owner: type) -> "Setting[Kind] | Kind":
        if thing is None:
            return self
        try:
            value: Kind = thing.__dict__[self.name]
        except KeyError:
            who = type(thing).__name__
            raise AttributeError(f"{who} has no {self.name} yet") from None
        return value

    def __set__(self, thing: object, value: Kind) -> None:
        owner = getattr(thing, "TITLE", type(thing).__name__)
        kept = self.check(owner, self.label, value)
        thing.__dict__[self.name] = kept


def fraction(label: str = "") -> Setting[float]:
    """A number from 0 up to, but not including, 1."""
    return Setting(_checked(check_fraction), label)


def positive() -> Setting[float]:
    """A finite number above 0."""
    return Setting(_checked(check_positive))


def at_least(least: float) -> Setting[float]:
    """A finite number of at least `least`."""

    def check(owner: str, name: str, value: Any) -> float:
        check_at_least(owner, name, value, least)
        return float(value)

    return Setting(check)


def true_or_false() -> Setting[bool]:
    """A boolean."""

    def check(owner: str, name: str, value: Any) -> bool:
        check_bool(owner, name, value)
        return bool(value)

    return Setting(check)


def count(hint: str = "", *, most: int = MOST) -> Setting[int]:
    """An integer of at least 1, Python's or NumPy's."""

    def check(owner: str, name: str, value: Any) -> int:
        check_count(owner, name, value, hint=hint, most=most)
        return int(value)

    return Setting(check)


def _checked(check: Callable[[str, str, float], None]) -> Check[float]:
    def run(owner: str, name: str, value: Any) -> float:
        check(owner, name, value)
        return float(value)

    return run
