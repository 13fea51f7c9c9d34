"""Keys of initial values: no two layers of a network start with equal weights."""

from collections.abc import Mapping

import numpy as np

from handgrad.arrays import to_numpy
from handgrad.errors import ConfigError
from handgrad.parameter import DEFAULT_KEY, Parameter
from handgrad.randomness import Key

Identity = tuple[int, str]


def choose_keys(parameters: Mapping[str, Parameter], root: Key = DEFAULT_KEY) -> None:
    """Choose the key of each value that has not been drawn yet, by its place.

    A layer without a key draws from its place in the network, as
    `models.from_layers` with seed 0 does. Of layers that were given the same key, the
    first keeps it and the others draw from that key and their place. ConfigError if
    one layer stands in two places, or if two layers have drawn equal weights already.

    Example
        Sequential([Linear(8, 8), ReLU(), Linear(8, 8)])  # two different weights
    """
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
            parameter.key = by_place(root, name)
        key = parameter.key
        assert key is not None
        while _identity(key) in taken:  # the key of another place, by chance or not
            key = by_place(key, name)
        taken[_identity(key)], parameter.key = name, key


def by_place(key: Key, name: str) -> Key:
    """The key of a parameter by its name: residual_1.body.linear_1.weight."""
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
                f"{first} and {name} are one parameter: a layer stands in the network "
                "twice, and layers do not share weights. Make a layer for each place."
            )


def _refuse_equal(
    parameters: Mapping[str, Parameter], first: str | None, name: str
) -> None:
    if first is None:
        return
    one, other = (to_numpy(parameters[place].value) for place in (first, name))
    if one.ndim > 1 and np.ptp(one) > 0 and np.array_equal(one, other):
        raise ConfigError(
            f"{first} and {name} start with equal weights: both were drawn from one "
            "key before the network was made. Give each layer a key of its own, such "
            'as key.child("first"), or leave the key out.'
        )
