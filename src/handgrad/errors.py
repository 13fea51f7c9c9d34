"""All exceptions that Handgrad raises for invalid input, data or files.

HandgradError                  the base class; each is also a ValueError
    ShapeError                 shapes that do not match
    ConfigError                an invalid setting, name or option
    DatasetError               data that is missing, damaged or out of range
    RunError                   a run folder or checkpoint that cannot be used
        IntegrityError         a file that does not match its checksum
        DifferenceError        a run that could not be reproduced
    NonFiniteError             NaN or infinity during training
    ResourceError              not enough memory or disk space
    StoppedError               a stop requested between two steps
    UnsavedError               training has ended, but not everything was saved
    KernelCallError            a kernel argument that does not match its declaration

HandgradWarning                a UserWarning: the work continues

A message says what raised it, what was expected, what was given, and what to do next.
Mistakes of the user raise one of these; `assert` is for internal errors.
"""

import sys
import warnings
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
    """Base class of all errors that a user can correct; also a ValueError."""

    exit_code = 2


class HandgradWarning(UserWarning):
    """A warning that a user should see; the work continues."""


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
    """A run that gives different numbers when repeated."""

    exit_code = 3


class NonFiniteError(HandgradError):
    """NaN or infinity appeared during training.

    `message` is the sentence to show. `details` holds plain values: the location, the
    images, and the range of every array of the step up to that point.
    """

    exit_code = 4

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = dict(details or {})


class ResourceError(HandgradError):
    """Not enough memory or disk space for the request."""


class StoppedError(HandgradError):
    """A stop was requested; no part of the work is left half done."""


class UnsavedError(HandgradError):
    """Training has ended, but not everything could be saved."""

    exit_code = 5


class KernelCallError(HandgradError):
    """A kernel argument that does not match its declaration, or its memory."""


def warn(message: str) -> None:
    """Issue a HandgradWarning that points at the line that called Handgrad."""
    own, level = __name__.partition(".")[0], 1
    frame = sys._getframe()
    while (
        frame.f_back is not None
        and frame.f_globals.get("__name__", "").partition(".")[0] == own
    ):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, HandgradWarning, stacklevel=level)


def sentence(error: Exception) -> str:
    """The message of an error, on one line."""
    return " ".join(str(error).split())


def cannot_read(what: object, error: OSError, next_step: str) -> DatasetError:
    """The error for a file of a data set that the system cannot read."""
    why = error.strerror or error
    return DatasetError(f"{what} cannot be read: {why}. {next_step}")


def unknown_name(
    kind: str, name: object, known: Iterable[str], *, near: str | None = None
) -> ConfigError:
    """The error for an unknown name, which suggests `near` or the closest known one.

    If none is known, a `kind` such as "option of softmax" gives "softmax has no
    options".
    """
    names = sorted(known)
    if not names:
        noun, _, owner = kind.partition(" of ")
        what = f"{owner} has no {noun}s" if owner else f"There is no {kind}"
        return ConfigError(f"{what}, got {name!r}. Omit it.")
    close = get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    close = [near] if near is not None and near in names else close
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return ConfigError(
        f"There is no {kind} named {name!r}. {hint}Known: {', '.join(names)}."
    )
