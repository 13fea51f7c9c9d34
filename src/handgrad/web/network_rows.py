"""A network as rows: sizes, costs and errors of each, and the same as code."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from inspect import Parameter, signature
from typing import Any

import tomli_w

from handgrad import catalog
from handgrad.arrays import Shape
from handgrad.errors import HandgradError
from handgrad.inspection.summary import summary
from handgrad.layers import Sequential
from handgrad.models.from_layers import build_layers, from_layers, with_classes
from handgrad.models.named_layers import LAYERS
from handgrad.models.to_layers import rows_of
from handgrad.options import options_of
from handgrad.randomness import Key

Row = Mapping[str, Any]
MOST_ROWS = 200
TOTALS = ("parameters", "multiply_adds", "activation_bytes")
INFERRED = ("in_features", "in_channels", "features", "channels")
POSITIONAL = {
    "conv2d": ("out_channels", "kernel_size"),
    "linear": ("out_features",),
    "max_pool2d": ("kernel_size",),
    "average_pool2d": ("kernel_size",),
    "dropout": ("rate",),
}


def described(rows: Sequence[Row], shape: Shape, classes: int) -> dict[str, Any]:
    """Sizes and costs of the rows that fit, and the first error with its row.

    The row of an error that concerns the whole network is the last.
    """
    error: dict[str, Any] | None = None
    built, following = [], shape
    whole = with_classes(rows, classes)
    for number, row in enumerate(whole):
        try:
            layers, following = build_layers([row], following, Key(0))
        except HandgradError as wrong:
            error = {"row": number, "message": _without_number(str(wrong))}
            break
        built += layers
    if error is None:
        try:
            from_layers(layers=rows, input_shape=shape, classes=classes)
        except HandgradError as wrong:
            error = {"row": max(0, len(rows) - 1), "message": str(wrong)}
    if not built:
        return {"rows": [], "totals": {}, "error": error}
    found = summary(Sequential(built), shape)
    totals = {name: getattr(found, name) for name in TOTALS}
    return {
        "rows": [asdict(row) for row in found.rows],
        "totals": totals,
        "error": error,
    }


def rows_of_model(
    name: str, options: Mapping[str, Any], shape: Shape, classes: int
) -> list[dict[str, Any]]:
    """The rows of a network of the catalogue, with sizes that follow left out."""
    model = catalog.build("model", name, options, input_shape=shape, classes=classes)
    return [_shortened(row) for row in rows_of(model)]


def as_python(rows: Sequence[Row]) -> str:
    """A script that makes and trains the network."""
    names = sorted({str(row["name"]) for row in rows} | set(_inner_names(rows)))
    lines = "".join(f"    {_call(row)},\n" for row in rows)
    return (
        "import handgrad\n"
        f"from handgrad.network import {', '.join(names)}\n\n"
        f"layers = [\n{lines}]\n"
        "network = handgrad.Classifier(layers)\n"
    )


def as_toml(rows: Sequence[Row]) -> str:
    """The table of a configuration."""
    model = {"name": "from_layers", "layers": [dict(row) for row in rows]}
    return tomli_w.dumps({"model": model})


def _call(row: Row) -> str:
    options = {name: value for name, value in row.items() if name != "name"}
    first = POSITIONAL.get(str(row["name"]), ())
    words = [_value(options.pop(name)) for name in first if name in options]
    words += [f"{name}={_value(value)}" for name, value in options.items()]
    return f"{row['name']}({', '.join(words)})"


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return f"[{', '.join(map(_call, value))}]"
    return repr(tuple(value) if isinstance(value, list) else value)


def _inner_names(rows: Sequence[Row]) -> list[str]:
    inner = [
        one
        for row in rows
        for value in row.values()
        if isinstance(value, list)
        for one in value
        if isinstance(one, Mapping)
    ]
    return [str(row["name"]) for row in inner] + (_inner_names(inner) if inner else [])


def _without_number(sentence: str) -> str:
    """An error without the layer's number, which counts one row only."""
    head, colon, rest = sentence.partition(": ")
    return rest if colon and head.endswith("_1") else sentence


def _shortened(row: Row) -> dict[str, Any]:
    """A row without inferred sizes and defaults, and with one number for a pair."""
    defaults = defaults_of(str(row["name"]))
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            found[name] = [_shortened(one) for one in value]
        elif name not in INFERRED:
            is_pair = isinstance(value, tuple) and len(set(value)) == 1
            short = value[0] if is_pair else value
            if name == "name" or short != defaults.get(name):
                found[name] = short
    if found.get("stride") == found.get("kernel_size") and "pool" in found["name"]:
        found.pop("stride", None)
    return found


def defaults_of(layer: str) -> dict[str, Any]:
    """The options of a layer with their defaults; None where one must be given."""
    make = LAYERS[layer]
    found = signature(make).parameters
    return {
        name: None if found[name].default is Parameter.empty else found[name].default
        for name in options_of(make)
        if name not in (*INFERRED, "initializer", "approximate")
    }


def layer_options() -> dict[str, dict[str, Any]]:
    """The layers that a row may name, and their options with defaults."""
    return {name: defaults_of(name) for name in sorted(LAYERS)}
