"""Layers, activations, poolings and initializers by name."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from handgrad import initializers, layers
from handgrad.errors import ConfigError
from handgrad.initializers import Initializer
from handgrad.layers.layer import Layer
from handgrad.layers.sequential import snake_case
from handgrad.options import defaults_of, name_of, named, options_of, value_of_kind
from handgrad.ranges import check_at_least, shown

Row: TypeAlias = dict[str, Any]  # a layer by its name in LAYERS, with its options
InitializerChoice: TypeAlias = str | Mapping[str, Any] | Initializer

ACTIVATIONS: dict[str, Callable[..., Layer[Any]]] = {
    "relu": layers.ReLU,
    "leaky_relu": layers.LeakyReLU,
    "gelu": layers.GELU,
    "gelu_tanh": partial(layers.GELU, approximate="tanh"),
    "tanh": layers.Tanh,
    "sigmoid": layers.Sigmoid,
    "silu": layers.SiLU,
    "relu6": layers.ReLU6,
    "elu": layers.ELU,
    "hardsigmoid": layers.Hardsigmoid,
    "hardswish": layers.Hardswish,
}

ACTIVATION_LAYERS = tuple(
    make for make in ACTIVATIONS.values() if isinstance(make, type)
)
LAYERS: dict[str, Callable[..., Layer[Any]]] = {
    **{snake_case(n): getattr(layers, n) for n in layers.__all__ if n != "Layer"},
    **ACTIVATIONS,
}

POOLINGS: dict[str, str] = {  # the name of the layer
    "max": "max_pool2d",
    "average": "average_pool2d",
    "global_average": "global_average_pool2d",
}

INFERRED = ("in_features", "in_channels", "features", "channels")  # from the inputs

PLAIN_INITIALIZERS: dict[str, Initializer] = {
    "zeros": initializers.zeros,
    "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform,
    "glorot_normal": initializers.glorot_normal,
    "glorot_uniform": initializers.glorot_uniform,
    "whitening": initializers.whitening,
}
SCALED_INITIALIZERS: dict[str, Callable[[float], Initializer]] = {
    "normal": initializers.normal,
    "uniform": initializers.uniform,
}
INITIALIZERS: dict[str, Callable[..., Any]] = {
    **PLAIN_INITIALIZERS,
    **SCALED_INITIALIZERS,
}


def initializer(choice: InitializerChoice) -> Initializer:
    """Read `he_normal`, `normal:0.01`, `{name = "normal", std = 0.01}` or a function.

    `normal` takes a standard deviation and `uniform` a limit; the others are scaled by
    fan-in or fan-out and take no number.
    """
    if callable(choice) and not isinstance(choice, type):
        return choice
    name, settings = _split(choice)
    name = name_of("initializer", INITIALIZERS, name)
    function = INITIALIZERS[name]
    wanted = options_of(function) if name in SCALED_INITIALIZERS else ()
    if len(settings) != len(wanted):
        right = f"{name}:0.01" if wanted else name
        raise ConfigError(
            f"The initializer {name} takes {' '.join(wanted) or 'no number'}, "
            f"got {shown(choice)}. Write it as {right!r}."
        )
    if not wanted:
        return PLAIN_INITIALIZERS[name]
    ((setting, value),) = settings.items()
    named(f"option of {name}", {wanted[0]: 0, "": 0}, setting)
    number = value_of_kind(f"{name} takes {wanted[0]}", value, float)
    check_at_least(name, wanted[0], number, 0)
    return SCALED_INITIALIZERS[name](number)


def _split(choice: object) -> tuple[Any, dict[str, Any]]:
    """Split into name and settings; a number after a colon has the name ""."""
    if isinstance(choice, str):
        name, colon, number = choice.partition(":")
        return name, {"": _number_in(number)} if colon else {}
    if isinstance(choice, Mapping):
        settings = dict(choice)
        return settings.pop("name", None), settings
    return choice, {}


def _number_in(text: str) -> Any:
    """The number that a text holds, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def layer_defaults(name: str) -> dict[str, Any]:
    """The options of the layer `name` in a list of layers, with their defaults.

    None stands for an option that must be given; sizes that are inferred and the
    initializer are left out.
    """
    left_out = (*INFERRED, "initializer", "approximate")
    found = defaults_of(LAYERS[name]).items()
    return {option: value for option, value in found if option not in left_out}


def activation_row(name: str) -> Row:
    """Row for an activation layer."""
    return {"name": name_of("activation", ACTIVATIONS, name)}


def pooling_row(name: str, size: int = 2) -> Row:
    """Row for pooling over non-overlapping windows of this size."""
    windows = {key: POOLINGS[key] for key in ("max", "average")}
    return {"name": named("pooling", windows, name), "kernel_size": size}


def each(owner: str, option: str, value: Any, count: int) -> list[Any]:
    """Return a list of `count` values, one for each layer; repeat a single value."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value] * count
    if len(value) != count:
        raise ConfigError(
            f"{owner} takes {option} as one value or a list of {count}, got "
            f"{len(value)}: {list(value)}. Give 1 or {count} values."
        )
    return list(value)
