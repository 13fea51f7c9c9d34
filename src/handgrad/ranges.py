"""Checks of numbers that a user sets."""

from math import isfinite
from numbers import Integral

from handgrad.errors import ConfigError


def check_at_least(owner: str, name: str, value: float, least: float) -> None:
    """ConfigError unless the value is a finite number, `least` or more."""
    if not (isfinite(value) and value >= least):
        raise ConfigError(
            f"{owner} takes {name} of at least {least:g}, got {value}. "
            f"Give a finite number from {least:g} up."
        )


def check_count(owner: str, name: str, value: object, least: int = 1) -> None:
    """ConfigError unless the value is a whole number, `least` or more."""
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or value < least:  # type: ignore[operator]  # a whole number is
        raise ConfigError(
            f"{owner} takes {name} as a whole number from {least} up, got {value!r}. "
            f"Give one, such as {least}."
        )


def check_positive(owner: str, name: str, value: float) -> None:
    """ConfigError unless the value is a finite number above zero."""
    if not (isfinite(value) and value > 0):
        raise ConfigError(
            f"{owner} takes {name} above 0, got {value}. "
            "Give a finite number larger than zero."
        )


def check_fraction(owner: str, name: str, value: float) -> None:
    """ConfigError unless 0 <= value < 1."""
    if not 0 <= value < 1:
        raise ConfigError(
            f"{owner} takes {name} from 0 up to, but not including, 1, got {value}. "
            "Give it as a fraction: 0.1 is ten per cent."
        )
