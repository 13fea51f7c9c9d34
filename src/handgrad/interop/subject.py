"""The network that a function of this package is given, in any form."""

from pathlib import Path
from typing import Any

from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.training.trained_network import TrainedNetwork, load


def subject_of(owner: str, subject: Any) -> TrainedNetwork | Sequential:
    """A trained network or a Sequential; ConfigError, naming `owner`, for another kind.

    `subject` is one of them, a fitted classifier, or the path of a run or of a saved
    network.
    """
    if isinstance(subject, str | Path):
        return load(subject)
    found = getattr(subject, "trained_", subject)
    if isinstance(found, TrainedNetwork | Sequential):
        return found
    raise ConfigError(
        f"{owner} takes a fitted classifier, the path of a run or a Sequential, got "
        f"{type(subject).__name__}. Call fit first."
    )


def network_of(owner: str, subject: Any) -> Sequential:
    """The layers of a `subject`; see `subject_of`."""
    found = subject_of(owner, subject)
    return found.model if isinstance(found, TrainedNetwork) else found
