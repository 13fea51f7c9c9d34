"""Untrained networks of the catalogue as subjects of inspections."""

import os
from collections.abc import Mapping
from typing import Any

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.inspection.subject import Subject, subject_of
from handgrad.names import known_name


def is_catalogue_name(given: Any) -> bool:
    """Whether `given` is the name of a network, rather than a classifier or a run."""
    if not isinstance(given, str):
        return False
    return known_name(given, catalog.MODELS) is not None or not os.path.exists(given)


def untrained(
    name: str,
    options: Mapping[str, Any] | None,
    *,
    input_shape: Shape,
    classes: int,
    seed: int = 0,
) -> Subject:
    """A network of the catalogue; ConfigError with the nearest name if unknown."""
    network = catalog.build(
        "model",
        name,
        options or {},
        input_shape=input_shape,
        classes=classes,
        seed=seed,
    )
    return subject_of(network)


def check_no_options(options: Mapping[str, Any] | None) -> None:
    """ConfigError for options given with an existing network."""
    if options:
        raise ConfigError(
            "options apply to a network of the catalogue, given by name; got "
            f"{', '.join(options)} for an existing network. Omit options."
        )
