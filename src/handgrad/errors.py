"""Every exception that Handgrad raises for its users.

HandgradError                  the base; each is also a ValueError
    ShapeError                 sizes do not fit
    ConfigError                a setting, name or option that cannot be
    DatasetError               data that is missing, damaged or out of range
    RunError                   a run folder or checkpoint that cannot be used
        IntegrityError         a file that is not what its manifest says
        DifferenceError        a run that does not come out the same
    NonFiniteError             NaN or infinity appeared in training
    ResourceError              not enough memory or disk for what was asked
    StoppedError               told to stop between two parts of the work
    UnsavedError               training has ended, but not all of it could be saved

HandgradWarning                a UserWarning: the work goes on, but not as expected

A message says who, what was expected, what came, and the next step. Mistakes of a
user raise one of these; `assert` is for our own.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

__all__ = [
    "ConfigError",
    "DatasetError",
    "DifferenceError",
    "HandgradError",
    "HandgradWarning",
    "IntegrityError",
    "NonFiniteError",
    "ResourceError",
    "RunError",
    "ShapeError",
    "StoppedError",
    "UnsavedError",
]


class HandgradError(ValueError):
    """The base of all errors that are a user's to mend."""

    exit_code = 2


class HandgradWarning(UserWarning):
    """Something a user should know, although the work goes on."""


class ShapeError(HandgradError):
    """Sizes that do not fit each other."""


class ConfigError(HandgradError):
    """A setting, name or option that cannot be."""


class DatasetError(HandgradError):
    """Data that is missing, damaged or out of range."""


class RunError(HandgradError):
    """A run folder or a checkpoint that cannot be used."""


class IntegrityError(RunError):
    """A file whose content is not what its manifest says."""


class DifferenceError(RunError):
    """A run that, made again, gives other numbers."""

    exit_code = 3


class NonFiniteError(HandgradError):
    """NaN or infinity appeared during training.

    `details` holds plain values: where, which images, and the range of every value of
    the step up to there.
    """

    exit_code = 4

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class ResourceError(HandgradError):
    """Not enough memory or disk for what was asked."""


class StoppedError(HandgradError):
    """Somebody asked for an end between two parts of the work; none is half done."""


class UnsavedError(HandgradError):
    """Training has ended, but not all of it could be saved."""

    exit_code = 5


def unknown_name(kind: str, name: str, known: Iterable[str]) -> ConfigError:
    """The error for a name that is in no catalogue, with the nearest known one."""
    names = sorted(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigError(
        f"There is no {kind} named {name!r}. {hint}Known: {', '.join(names)}."
    )
