"""Range checks for numbers given by a user."""

import re
from math import inf
from numbers import Integral, Real
from typing import TypeGuard

from handgrad.errors import ConfigError

MOST = 2**31 - 1  # largest count: a larger one would not finish, or fit into a file
SEEDS = 2**63  # number of seeds, from 0: each fits into TOML and int64
LARGEST = 3.4028234663852886e38  # largest float32, the type that engines compute in
LONGEST = 80  # characters of a value in a message
NUMPY = re.compile(r"\bnp\.(?:\w+\(([^()]*)\)|(True|False)_)")  # np.int64(7)


def check_at_least(owner: str, name: str, value: object, least: float) -> None:
    """ConfigError unless the value is a finite number of at least `least`."""
    if not (is_number(value) and least <= value <= LARGEST):
        _check_not_too_large(owner, name, value)
        raise ConfigError(
            f"{owner} takes {name} of at least {least:g}, got {shown(value)}. "
            f"Give a finite number of at least {least:g}."
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
    """ConfigError unless the value is an integer from `least` to `most`."""
    if not (is_whole(value) and least <= value <= most):
        is_large = is_whole(value) and value > most
        wanted = f"from {least} to {most}" if is_large else f"of at least {least}"
        hint = "Give a smaller one." if is_large else hint
        raise ConfigError(
            f"{owner} takes {name} as an integer {wanted}, got "
            f"{shown(value)}. {hint or f'Give one, such as {least}.'}"
        )


def check_bool(owner: str, name: str, value: object) -> None:
    """ConfigError unless the value is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(
            f"{owner} takes {name} as True or False, got {shown(value)}. Give one."
        )


def check_seed(owner: str, name: str, value: object) -> None:
    """ConfigError unless the value is an integer from 0 to 2**63 - 1."""
    if not (is_whole(value) and 0 <= value < SEEDS):
        raise ConfigError(
            f"{owner} takes {name} as an integer from 0 to {SEEDS - 1}, got "
            f"{shown(value)}. Give one, such as 0."
        )


def check_positive(owner: str, name: str, value: object) -> None:
    """ConfigError unless the value is a finite number above zero."""
    if not (is_number(value) and 0 < value <= LARGEST):
        _check_not_too_large(owner, name, value)
        raise ConfigError(
            f"{owner} takes {name} above 0, got {shown(value)}. "
            "Give a finite number greater than 0."
        )


def check_fraction(owner: str, name: str, value: object) -> None:
    """ConfigError unless 0 <= value < 1."""
    if not (is_number(value) and 0 <= value < 1):
        raise ConfigError(
            f"{owner} takes {name} from 0 up to, but not including, 1, got "
            f"{shown(value)}. Give a fraction: 0.1 means 10 %."
        )


def check_between(
    owner: str, name: str, value: object, least: float, most: float
) -> None:
    """ConfigError unless the value is a number from `least` to `most`."""
    if not (is_number(value) and least <= value <= most):
        raise ConfigError(
            f"{owner} takes {name} from {least:g} to {most:g}, got {shown(value)}. "
            "Give a number in this range."
        )


def _check_not_too_large(owner: str, name: str, value: object) -> None:
    if is_number(value) and LARGEST < value < inf:
        raise ConfigError(
            f"{owner} takes {name} of at most {LARGEST:g}, got {shown(value)}. "
            "Give a smaller number."
        )


def shown(value: object) -> str:
    """A value for a message: 7 rather than np.int64(7), and shortened."""
    try:
        text = " ".join(NUMPY.sub(r"\1\2", repr(value)).split())
    except ValueError:  # Python refuses to convert integers with so many digits
        return "a number of thousands of digits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a real number, Python's or NumPy's, and not a boolean."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether this is an integer, Python's or NumPy's, and not a boolean."""
    return isinstance(value, Integral) and not isinstance(value, bool)
