"""Initialization keys, such that no two layers start with equal weights."""

from collections.abc import Mapping

import numpy as np

from handgrad.arrays import to_numpy
from handgrad.errors import ConfigError
from handgrad.parameter import DEFAULT_KEY, Parameter, check_are_parameters
from handgrad.randomness import Key

Identity = tuple[int, str]


def choose_keys(parameters: Mapping[str, Parameter], root: Key = DEFAULT_KEY) -> None:
    """Assign a key to each parameter that has not been drawn yet.

    A parameter without a key gets one derived from its name in the network, as in
    `models.from_layers` with seed 0. Of parameters given the same key, the first keeps
    it and the others get keys derived from it and their names. ConfigError if one is no
    parameter, if a layer occurs twice, or if two layers have already been initialized
    with equal weights.

    Example
        Sequential([Linear(8, 8), ReLU(), Linear(8, 8)])  # two different weights
    """
    check_are_parameters(parameters)
    _refuse_shared(parameters)
    taken: dict[Identity, str] = {}
    for name, parameter in parameters.items():
        if parameter.is_drawn and parameter.key is not None:
            _refuse_equal(parameters, taken.get(_identity(parameter.key)), name)
            taken.setdefault(_identity(parameter.key), name)
    for name, parameter in parameters.items():
        if parameter.is_drawn:
            continue
        if not parameter.has_own_key:
            parameter.key = key_of_name(root, name)
        key = parameter.key
        assert key is not None
        while _identity(key) in taken:  # already assigned to another parameter
            key = key_of_name(key, name)
        taken[_identity(key)], parameter.key = name, key


def key_of_name(key: Key, name: str) -> Key:
    """Derive a parameter's key from a name such as residual_1.body.linear_1.weight."""
    for part in name.split("."):
        key = key.child(part)
    return key


def _identity(key: Key) -> Identity:
    return key.seed, key.path


def _refuse_shared(parameters: Mapping[str, Parameter]) -> None:
    places: dict[int, str] = {}
    for name, parameter in parameters.items():
        first = places.setdefault(id(parameter), name)
        if first != name:
            raise ConfigError(
                f"{first} and {name} are the same parameter: a layer occurs twice in "
                "the network, and weight sharing is not supported. Create a separate "
                "layer for each position."
            )


def _refuse_equal(
    parameters: Mapping[str, Parameter], first: str | None, name: str
) -> None:
    if first is None:
        return
    one, other = (to_numpy(parameters[place].value) for place in (first, name))
    if one.ndim > 1 and np.ptp(one) > 0 and np.array_equal(one, other):
        raise ConfigError(
            f"{first} and {name} start with equal weights: both were drawn from the "
            "same key before the network was created. Give each layer its own key, "
            'such as key.child("first"), or omit the key.'
        )
