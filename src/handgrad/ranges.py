"""Checks of numbers that a user sets."""

import re
from math import inf
from numbers import Integral, Real
from typing import TypeGuard

from handgrad.errors import ConfigError

MOST = 2**31 - 1  # of a count: more would not end, or could not be written
SEEDS = 2**63  # from 0 up: TOML and int64 hold each of them
LARGEST = 3.4028234663852886e38  # of float32: engines compute with no larger number
LONGEST = 80  # characters of a value in a sentence
NUMPY = re.compile(r"\bnp\.(?:\w+\(([^()]*)\)|(True|False)_)")  # np.int64(7)


def check_at_least(owner: str, name: str, value: object, least: float) -> None:
    """ConfigError unless the value is a finite number, `least` or more."""
    if not (is_number(value) and least <= value <= LARGEST):
        _check_not_too_large(owner, name, value)
        raise ConfigError(
            f"{owner} takes {name} of at least {least:g}, got {shown(value)}. "
            f"Give a finite number from {least:g} up."
        )


def check_count(
    owner: str,
    name: str,
    value: object,
    *,
    least: int = 1,
    most: int = MOST,
    hint: str = "",
) -> None:
    """ConfigError unless the value is a whole number between these two."""
    if not (is_whole(value) and least <= value <= most):
        is_large = is_whole(value) and value > most
        wanted = f"{least} to {most}" if is_large else f"{least} up"
        hint = "Give a smaller one." if is_large else hint
        raise ConfigError(
            f"{owner} takes {name} as a whole number from {wanted}, got "
            f"{shown(value)}. {hint or f'Give one, such as {least}.'}"
        )


def check_seed(owner: str, name: str, value: object) -> None:
    """ConfigError unless the value is a whole number from 0 to 2**63 - 1."""
    if not (is_whole(value) and 0 <= value < SEEDS):
        raise ConfigError(
            f"{owner} takes {name} as a whole number from 0 to {SEEDS - 1}, got "
            f"{shown(value)}. Give one, such as 0."
        )


def check_positive(owner: str, name: str, value: object) -> None:
    """ConfigError unless the value is a finite number above zero."""
    if not (is_number(value) and 0 < value <= LARGEST):
        _check_not_too_large(owner, name, value)
        raise ConfigError(
            f"{owner} takes {name} above 0, got {shown(value)}. "
            "Give a finite number larger than zero."
        )


def check_fraction(owner: str, name: str, value: object) -> None:
    """ConfigError unless 0 <= value < 1."""
    if not (is_number(value) and 0 <= value < 1):
        raise ConfigError(
            f"{owner} takes {name} from 0 up to, but not including, 1, got "
            f"{shown(value)}. Give it as a fraction: 0.1 is ten per cent."
        )


def _check_not_too_large(owner: str, name: str, value: object) -> None:
    if is_number(value) and LARGEST < value < inf:
        raise ConfigError(
            f"{owner} takes {name} of at most {LARGEST:g}, got {shown(value)}. "
            "Give a smaller number."
        )


def shown(value: object) -> str:
    """A value as it is written in a sentence: 7 rather than np.int64(7), and short."""
    try:
        text = " ".join(NUMPY.sub(r"\1\2", repr(value)).split())
    except ValueError:  # Python writes no number of so many digits
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a real number, Python's or NumPy's; true and false are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether this is a whole number, Python's or NumPy's; true and false are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)
