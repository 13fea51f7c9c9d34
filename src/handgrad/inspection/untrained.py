"""Networks of the catalogue with their initial weights, as subjects of inspections."""

import os
from collections.abc import Mapping
from typing import Any

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.errors import ConfigError
from handgrad.inspection.subject import Subject, subject_of
from handgrad.names import known_name


def is_catalogue_name(given: Any) -> bool:
    """Whether it names a network, rather than a classifier or the path of a run."""
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
    """A network of the catalogue; ConfigError with the nearest name if none has it."""
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
    """ConfigError for options of a network that is there already."""
    if options:
        raise ConfigError(
            "options are those of a network of the catalogue, given by its name; got "
            f"{', '.join(options)} for another. Leave them out."
        )
