"""Networks from a list of layers, each given by its name and options."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from handgrad.arrays import Shape
from handgrad.errors import ConfigError, HandgradError, ShapeError
from handgrad.layers import Layer, Sequential
from handgrad.layers.sequential import snake_case
from handgrad.models.named_layers import INFERRED, LAYERS, initializer
from handgrad.names import known_name
from handgrad.options import call, hints_of, named
from handgrad.randomness import Key
from handgrad.ranges import check_at_least, shown

NESTED = ("body", "shortcut")
LISTS = ("layers", "branches")
MOST_LAYERS = 10_000


def from_layers(
    *,
    layers: Sequence[Mapping[str, Any]],
    input_shape: Shape = (1, 28, 28),
    classes: int = 10,
    seed: int = 0,
) -> Sequential:
    """Build a network from a list of layers, inferring sizes from the shapes.

    `layers` is a list of dictionaries, each with the name of a layer and its options,
    as in a TOML file or made with `handgrad.network`. The last linear layer may omit
    its `out_features`, which defaults to the number of classes. A residual layer
    contains nested lists: {"name": "residual", "body": [...], "shortcut": [...]}; so do
    {"name": "sequential", "layers": [...]}, {"name": "multiply", "body": [...]} and
    {"name": "concatenate", "branches": [[...], [...]]}.

    ConfigError for an unknown layer or option, or an invalid value; ShapeError for
    layers whose shapes do not fit, or outputs that are not (classes,). Both name the
    layer.

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
            f"The network must output one logit for each of {classes} classes, "
            f"({classes},), got {shape} from its last layer. End it with a linear "
            f"layer with out_features={classes}."
        )
    return Sequential(built)


def check_number_of(layers: Sequence[Any]) -> None:
    """Raise ConfigError if there are too many layers, counting nested ones."""
    waiting, count = list(layers), 0
    while waiting and count <= MOST_LAYERS:
        row = waiting.pop()
        if isinstance(row, list | tuple):
            waiting += row
            continue
        count += 1
        for name in (*NESTED, *LISTS) if isinstance(row, Mapping) else ():
            inner = row.get(name)
            waiting += inner if isinstance(inner, list | tuple) else []
        if len(waiting) > MOST_LAYERS:
            count = len(waiting)
    if count > MOST_LAYERS:
        raise ConfigError(
            f"A network takes at most {MOST_LAYERS:,} layers, got more. Use fewer."
        )


def with_classes(rows: Sequence[Any], classes: int) -> list[Any]:
    """Set out_features of the last linear layer to `classes` unless it is given."""
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
    """Return the layers and the last one's output shape. Errors name the layer."""
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
    """Build one layer for examples of this shape."""
    make = named("layer", LAYERS, row["name"])
    wanted = hints_of(make)
    options = {name: value for name, value in row.items() if name != "name"}
    for size in ("out_features", "out_channels"):
        if isinstance(options.get(size), int):
            check_at_least(row["name"], size, options[size], 1)
    given: dict[str, Any] = {"key": key} if "key" in wanted else {}
    for name in INFERRED:
        if name in wanted and name not in options:
            given[name] = shape[0]
    if "shape" in wanted and "shape" not in options:
        given["shape"] = shape
    if "initializer" in options and "initializer" in wanted:
        given["initializer"] = initializer(options.pop("initializer"))
    given |= _inner_layers(wanted, options, shape, key)
    layer: Layer[Any] = call(row["name"], make, options, **given)
    return layer


def _inner_layers(
    wanted: Mapping[str, Any], options: dict[str, Any], shape: Shape, key: Key
) -> dict[str, Any]:
    """Build the layers inside a layer; their rows are taken from its options."""
    found: dict[str, Any] = {}
    for name in NESTED:
        if name in wanted and options.get(name) is not None:
            part, _ = build_layers(options.pop(name), shape, key.child(name))
            found[name] = Sequential(part)
    if "layers" in wanted and "layers" in options:
        found["layers"], _ = build_layers(options.pop("layers"), shape, key)
    if "branches" in wanted and "branches" in options:
        found["branches"] = [
            Sequential(build_layers(rows, shape, key.child(f"branch_{number}"))[0])
            for number, rows in enumerate(lists_of(options.pop("branches")), start=1)
        ]
    return found


def lists_of(branches: Any) -> list[Any]:
    """The branches of a concatenation; ConfigError unless it is a list of lists."""
    if not isinstance(branches, list | tuple) or not all(
        isinstance(rows, list | tuple) for rows in branches
    ):
        raise ConfigError(
            "concatenate takes branches as a list of lists of layers, got "
            f"{shown(branches)}. Write them as [[conv2d(8, 1)], [conv2d(8, 3)]]."
        )
    return list(branches)


def kind_of(name: str) -> str:
    """Return the name that `Sequential` will give the layer, without its number."""
    make = named("layer", LAYERS, name)
    made = make.func if isinstance(make, partial) else make
    return snake_case(made.__name__)
