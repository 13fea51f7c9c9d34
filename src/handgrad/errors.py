"""Every exception that Handgrad raises for invalid input, data or files.

HandgradError                  the base; each is also a ValueError
    ShapeError                 sizes that do not match
    ConfigError                an invalid setting, name or option
    DatasetError               data that is missing, damaged or out of range
    RunError                   a run folder or checkpoint that cannot be used
        IntegrityError         a file that does not match its checksum
        DifferenceError        a run that is not reproduced
    NonFiniteError             NaN or infinity in training
    ResourceError              not enough memory or disk space
    StoppedError               a stop that was requested between two steps
    UnsavedError               training has ended, but not everything was saved
    KernelCallError            a kernel's argument does not fit its declaration

HandgradWarning                a UserWarning: the work continues

A message says who, what was expected, what came, and the next step. A user's mistakes
raise one of these; `assert` is for our own.
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
    "KernelCallError",
    "NonFiniteError",
    "ResourceError",
    "RunError",
    "ShapeError",
    "StoppedError",
    "UnsavedError",
]


class HandgradError(ValueError):
    """Base class of all errors that the user can correct; also a ValueError."""

    exit_code = 2


class HandgradWarning(UserWarning):
    """A warning that the user should see, although the work continues."""


class ShapeError(HandgradError):
    """Shapes that do not match."""


class ConfigError(HandgradError):
    """An invalid setting, name or option."""


class DatasetError(HandgradError):
    """Data that is missing, damaged or out of range."""


class RunError(HandgradError):
    """A run folder or a checkpoint that cannot be used."""


class IntegrityError(RunError):
    """A file whose content does not match its recorded checksum."""


class DifferenceError(RunError):
    """A run that gives other numbers when it is repeated."""

    exit_code = 3


class NonFiniteError(HandgradError):
    """NaN or infinity appeared during training.

    `message` is the sentence to show. `details` holds plain values: where, in which
    images, and the range of every value of the step up to that point.
    """

    exit_code = 4

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class ResourceError(HandgradError):
    """Not enough memory or disk space for what was asked."""


class StoppedError(HandgradError):
    """A stop was requested between two parts of the work; none is half done."""


class UnsavedError(HandgradError):
    """Training has ended, but not all of it could be saved."""

    exit_code = 5


class KernelCallError(HandgradError):
    """A kernel's argument that does not fit its declaration, or its memory."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ConfigError:
    """The error for a name that is in no catalogue, with the nearest known one."""
    names = sorted(known)
    near = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigError(
        f"There is no {kind} named {name!r}. {hint}Known: {', '.join(names)}."
    )
