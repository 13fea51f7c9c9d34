"""The inverse of `from_layers`: from a network to its list of layers."""

from inspect import signature
from typing import Any

from handgrad.errors import ConfigError
from handgrad.layers import Concatenate, Layer, Sequential
from handgrad.models.from_layers import NESTED
from handgrad.models.named_layers import LAYERS, Row

DRAWN = ("key", "initializer")  # affect only the initial values
# options that a row has only where they differ from these
UNLESS = {
    "ceil_mode": False,
    "count_include_pad": True,
    "dilation": (1, 1),
    "groups": 1,
}
NAMES = {kind: name for name, kind in LAYERS.items() if isinstance(kind, type)}


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
    options = [n for n in signature(type(layer)).parameters if n not in DRAWN]
    values = {option: getattr(layer, option) for option in options}
    if "bias" in values:
        values["bias"] = None if values["bias"] is not None else False
    values |= {n: None for n, plain in UNLESS.items() if values.get(n) == plain}
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
