"""The inverse of `from_layers`: from a network to its list of layers."""

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

from handgrad.errors import ConfigError
from handgrad.layers import Concatenate, Layer, Sequential
from handgrad.models.from_layers import NESTED
from handgrad.models.named_layers import LAYERS, Row, layer_defaults
from handgrad.ranges import shown

EMPTY = Parameter.empty
DRAWN = ("key", "initializer")  # affect only the initial values
# options that a row has only where they differ from these
UNLESS = {
    "ceil_mode": False,
    "count_include_pad": True,
    "dilation": (1, 1),
    "groups": 1,
}
NAMES = {kind: name for name, kind in LAYERS.items() if isinstance(kind, type)}


def to_layers(network: Sequential) -> list[Row]:
    """The list of layers of a `network`, as one would write it.

    Sizes that `from_layers` infers and options at their defaults are left out, and a
    pair of equal numbers is one number. Weights and initializers are not part of it.
    ConfigError for anything but a `Sequential`; it names a layer that is not of
    `handgrad.layers`.

    Example
        to_layers(Sequential([Flatten(), Linear(4, 2)])) == [
            {"name": "flatten"},
            {"name": "linear", "out_features": 2},
        ]
    """
    if not isinstance(network, Sequential):
        raise ConfigError(
            f"to_layers takes a Sequential, got {shown(network)}. Give a network of "
            "handgrad.models, or clf.trained_.model of a Classifier."
        )
    return [_shortened(row) for row in rows_of(network)]


def _shortened(row: Row) -> Row:
    if row.get("approximate") == "tanh":
        return {"name": "gelu_tanh"}
    defaults, found = layer_defaults(row["name"]), {"name": row["name"]}
    for name, value in row.items():
        short = _short(value)
        if name in defaults and short != defaults[name]:
            found[name] = short
    if "pool" in row["name"] and found.get("stride") == found.get("kernel_size"):
        found.pop("stride", None)
    return found


def _short(value: Any) -> Any:
    """An option with its inner layers shortened, and with one number for a pair."""
    if isinstance(value, Mapping):
        return _shortened(dict(value))
    if isinstance(value, list):
        return [_short(one) for one in value]
    is_pair = isinstance(value, tuple) and len(set(value)) == 1
    return value[0] if is_pair else value


def rows_of(network: Sequential) -> list[Row]:
    """Return the rows of a network; ConfigError names a layer that has none.

    Only the classes of `handgrad.layers` themselves have rows, not their subclasses.

    Example
        rows_of(Sequential([Flatten(), Linear(4, 2)])) == [
            {"name": "flatten"},
            {"name": "linear", "in_features": 4, "out_features": 2},
        ]
    """
    return [_row(name, layer) for name, layer in network.layers.items()]


def _row(name: str, layer: Layer[Any]) -> Row:
    kind = NAMES.get(type(layer))
    if kind is None:
        raise ConfigError(
            f"{name} is a {type(layer).__name__}, which is not a layer of "
            "handgrad.layers, so the network cannot be written as a list of rows."
        )
    parameters = signature(type(layer)).parameters
    options = [n for n in parameters if n not in DRAWN]
    values = {option: getattr(layer, option) for option in options}
    if "bias" in values:
        values["bias"] = None if values["bias"] is not None else False
    for option, plain in UNLESS.items():
        if values.get(option) == plain and parameters[option].default is not EMPTY:
            values[option] = None
    if isinstance(layer, Sequential):
        values["layers"] = rows_of(layer)
    if isinstance(layer, Concatenate):
        parts = layer.branches.items()
        values["branches"] = [_branch(f"{name}.{each}", part) for each, part in parts]
    for branch in NESTED:
        if branch in values:
            values[branch] = _branch(f"{name}.{branch}", values[branch])
    return {"name": kind, **{k: v for k, v in values.items() if v is not None}}


def _branch(name: str, layer: Layer[Any] | None) -> list[Row] | None:
    """Rows of one branch of a layer, which must be a Sequential."""
    if layer is None:
        return None
    if type(layer) is not Sequential:
        raise ConfigError(
            f"{name} is a {type(layer).__name__}; only a Sequential can be written as "
            "a list of rows. Put the layer into a Sequential."
        )
    return rows_of(layer)
