"""A network from a list of its layers, each a name and options."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any

from handgrad.arrays import Shape
from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.layers import Layer, Sequential
from handgrad.layers.sequential import snake_case
from handgrad.models.parts import LAYERS, initializer
from handgrad.names import known_name
from handgrad.options import call, named
from handgrad.randomness import Key
from handgrad.ranges import check_at_least, shown

INFERRED = ("in_features", "in_channels", "features", "channels")
NESTED = ("body", "shortcut")
MOST_LAYERS = 10_000


def from_layers(
    *,
    layers: Sequence[Mapping[str, Any]],
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Build a network from rows; sizes that follow from the shapes are inferred.

    `layers` is a list of rows, each the name of a layer and its options, as in a TOML
    file or made with `handgrad.network`. The last linear layer may leave out its
    `out_features`: it has one for each class. A residual layer holds lists of its own:
    {"name": "residual", "body": [...], "shortcut": [...]}; so does {"name":
    "sequential", "layers": [...]}.

    ConfigError for an unknown layer or option, or an invalid value; ShapeError for
    layers that do not fit, or outputs that are not (classes,). Both name the layer.

    Shapes
        input_shape  of one example: (channels, height, width) or (features,)
        inputs       (batch, *input_shape), float32 or float64
        outputs      (batch, classes), logits

    Units
        classes  number of classes
        seed     of the initial weights

    Example
        from_layers(layers=[
            {"name": "conv2d", "out_channels": 32, "kernel_size": 3, "padding": 1},
            {"name": "relu"},
            {"name": "max_pool2d", "kernel_size": 2},
            {"name": "flatten"},
            {"name": "linear"},
        ])
    """
    for size in (*input_shape, classes):
        check_at_least("A model", "sizes", size, 1)
    check_number_of(layers)
    key = Key(seed).child("initialization")
    rows = with_classes(layers, classes)
    built, shape = build_layers(rows, tuple(input_shape), key)
    if shape != (classes,):
        raise ShapeError(
            f"The last layer gives {shape} for each example, and {classes} classes "
            f"need ({classes},). End the layers with a linear layer whose "
            f"out_features is {classes}."
        )
    return Sequential(built)


def check_number_of(layers: Sequence[Any]) -> None:
    """ConfigError if there are more layers than anybody means, nested ones included."""
    waiting, count = list(layers), 0
    while waiting and count <= MOST_LAYERS:
        row = waiting.pop()
        count += 1
        for name in (*NESTED, "layers") if isinstance(row, Mapping) else ():
            inner = row.get(name)
            waiting += inner if isinstance(inner, list | tuple) else []
        if len(waiting) > MOST_LAYERS:
            count = len(waiting)
    if count > MOST_LAYERS:
        raise ConfigError(
            f"A network takes at most {MOST_LAYERS:,} layers, got more. Leave some out."
        )


def with_classes(rows: Sequence[Any], classes: int) -> list[Any]:
    """The rows, with the class count in the last linear layer if it gives no size."""
    found = list(rows)
    for place in reversed(range(len(found))):
        row = found[place]
        if isinstance(row, Mapping) and known_name(str(row.get("name")), ["linear"]):
            found[place] = {"out_features": classes, **row}
            break
    return found


def build_layers(
    rows: Sequence[Mapping[str, Any]], shape: Shape, key: Key
) -> tuple[list[Layer[Any]], Shape]:
    """The layers, and the shape that the last one gives. Errors name the layer."""
    counts: Counter[str] = Counter()
    built = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or "name" not in row:
            raise ConfigError(
                f"Layer {number} must be a table with a name, got {shown(row)}. "
                'Write it as { name = "relu" }.'
            )
        kind = kind_of(row["name"])
        counts[kind] += 1
        name = f"{kind}_{counts[kind]}"
        try:
            layer = build_layer(row, shape, key.child(name))
            shape = layer.output_shape(shape)
        except HandgradError as error:
            raise type(error)(f"{name}: {error}") from error
        built.append(layer)
    return built, shape


def build_layer(row: Mapping[str, Any], shape: Shape, key: Key) -> Layer[Any]:
    """One layer for examples of this shape."""
    make = named("layer", LAYERS, row["name"])
    wanted = signature(make).parameters
    options = {name: value for name, value in row.items() if name != "name"}
    for size in ("out_features", "out_channels"):
        if isinstance(options.get(size), int):
            check_at_least(row["name"], size, options[size], 1)
    given: dict[str, Any] = {"key": key} if "key" in wanted else {}
    for name in INFERRED:
        if name in wanted and name not in options:
            given[name] = shape[0]
    if "initializer" in options and "initializer" in wanted:
        given["initializer"] = initializer(options.pop("initializer"))
    for name in NESTED:
        if name in wanted and options.get(name) is not None:
            part, _ = build_layers(options.pop(name), shape, key.child(name))
            given[name] = Sequential(part)
    if "layers" in wanted and "layers" in options:
        given["layers"], _ = build_layers(options.pop("layers"), shape, key)
    layer: Layer[Any] = call(row["name"], make, options, **given)
    return layer


def kind_of(name: str) -> str:
    """What `Sequential` will call a layer of this name, without its count."""
    make = named("layer", LAYERS, name)
    made = make.func if isinstance(make, partial) else make
    return snake_case(made.__name__)
