"""Inspections: rows of a study that compute more than a training run.

They are a closed list of functions. Each takes the options of the table [inspection], a
seed, and a place for figures and runs, and returns named numbers.
"""

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from math import isfinite
from typing import Any

from handgrad.errors import NonFiniteError, unknown_name
from handgrad.options import call, checked, options_of
from handgrad.studies.inspections.gradient_checks import (
    configurable_perceptrons,
    regularised_network,
)
from handgrad.studies.inspections.gradients import (
    jacobians,
    perceptron_equation,
    vanishing_gradients,
)
from handgrad.studies.inspections.known_values import known_layers, update_rules
from handgrad.studies.inspections.labelled_images import labelled_pictures, reading
from handgrad.studies.inspections.library_convolutions import library_convolutions
from handgrad.studies.inspections.loops import looped_lenet
from handgrad.studies.inspections.numerics import (
    activation_functions,
    dropout_statistics,
    softmax_numerics,
)
from handgrad.studies.inspections.output_folder import Place
from handgrad.studies.inspections.trained import trained_network
from handgrad.studies.inspections.training_memory import parameters, training_memory

__all__ = [
    "INSPECTIONS",
    "Place",
    "check_inspection",
    "inspect",
    "needed_data",
    "with_defaults",
]

Inspection = Callable[..., Mapping[str, float]]
GIVEN = ("seed", "place")

INSPECTIONS: dict[str, Inspection] = {
    "activation_functions": activation_functions,
    "configurable_perceptrons": configurable_perceptrons,
    "dropout_statistics": dropout_statistics,
    "jacobians": jacobians,
    "known_layers": known_layers,
    "labelled_pictures": labelled_pictures,
    "library_convolutions": library_convolutions,
    "looped_lenet": looped_lenet,
    "parameters": parameters,
    "perceptron_equation": perceptron_equation,
    "reading": reading,
    "regularised_network": regularised_network,
    "softmax_numerics": softmax_numerics,
    "trained_network": trained_network,
    "training_memory": training_memory,
    "update_rules": update_rules,
    "vanishing_gradients": vanishing_gradients,
}


def check_inspection(name: str, options: Mapping[str, Any]) -> None:
    """ConfigError for an unknown name or option, before any work."""
    if name not in INSPECTIONS:
        raise unknown_name("inspection", name, INSPECTIONS)
    function = INSPECTIONS[name]
    known = [option for option in options_of(function) if option not in GIVEN]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {name}", option, known)
    checked(name, function, options, GIVEN)


def with_defaults(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Add the default options, so that a key covers everything that matters."""
    taken = signature(INSPECTIONS[name]).parameters
    unsaid = {
        option: parameter.default
        for option, parameter in taken.items()
        if parameter.default is not Parameter.empty
    }
    return {**unsaid, **options}


def needed_data(options: Mapping[str, Any]) -> str | None:
    """The data set that an inspection with these options reads, if any."""
    table = options.get("config", {}).get("dataset", {})
    name = options.get("dataset", table.get("name"))
    return None if name is None else str(name)


def inspect(
    name: str, options: Mapping[str, Any], seed: int, place: Place | None = None
) -> dict[str, float]:
    """Check the options and run an inspection; NonFiniteError for NaN or infinity."""
    check_inspection(name, options)
    given = {"seed": seed, "place": place or Place()}
    measured = call(name, INSPECTIONS[name], options, **given)
    found = {key: float(value) for key, value in measured.items()}
    for key, value in found.items():
        if not isfinite(value):
            raise NonFiniteError(f"The inspection {name} measured {key} as {value}.")
    return found
