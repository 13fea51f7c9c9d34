"""Networks as code: a list of layers in Python, and the table of a configuration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.models.named_layers import LAYERS
from handgrad.models.to_layers import to_layers
from handgrad.options import named
from handgrad.ranges import shown

Rows = Sequence[Mapping[str, Any]]
INITIALIZER = "initializer"  # its table has a name, and is no layer
POSITIONAL = {
    "conv2d": ("out_channels", "kernel_size"),
    "linear": ("out_features",),
    "max_pool2d": ("kernel_size",),
    "average_pool2d": ("kernel_size",),
    "dropout": ("rate",),
}


def as_python(network: Sequential | Rows) -> str:
    """A Python script that makes the list of layers of a network, and a classifier.

    `network` is a `Sequential` or a list of layers, as `from_layers` takes it.
    ConfigError for anything else, an unknown layer, or layers of your own.

    Example
        print(as_python(lenet()))
    """
    layers = _layers_of(network)
    names = sorted({str(row["name"]) for row in _all_rows(layers)})
    lines = "".join(f"    {_call(row)},\n" for row in layers)
    return (
        "import handgrad\n"
        f"from handgrad.network import {', '.join(names)}\n\n"
        f"layers = [\n{lines}]\n"
        "network = handgrad.Classifier(layers)\n"
    )


def as_toml(network: Sequential | Rows) -> str:
    """The table `[model]` of a configuration, for `handgrad train FILE.toml`.

    `network` is a `Sequential` or a list of layers, as `from_layers` takes it.
    ConfigError for anything else, an unknown layer, or layers of your own.

    Example
        print(as_toml(lenet()))
    """
    import tomli_w

    layers = [dict(row) for row in _layers_of(network)]
    return tomli_w.dumps({"model": {"name": "from_layers", "layers": layers}})


def _layers_of(network: Sequential | Rows) -> Rows:
    if isinstance(network, Sequential):
        return to_layers(network)
    is_list = isinstance(network, list | tuple)
    if not is_list or not all(isinstance(row, Mapping) for row in network):
        raise ConfigError(
            f"A network is written from a Sequential or a list of layers, got "
            f"{shown(network)}. Give one made with handgrad.network."
        )
    for row in _all_rows(network):
        named("layer", LAYERS, row.get("name", ""))
    return network


def _call(row: Mapping[str, Any]) -> str:
    options = {name: value for name, value in row.items() if name != "name"}
    first = POSITIONAL.get(str(row["name"]), ())
    words = [_value(options.pop(name)) for name in first if name in options]
    words += [f"{name}={_option(name, value)}" for name, value in options.items()]
    return f"{row['name']}({', '.join(words)})"


def _option(name: str, value: Any) -> str:
    return repr(value) if name == INITIALIZER else _value(value)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _call(value)
    if not isinstance(value, list | tuple):
        return repr(value)
    words = ", ".join(map(_value, value))
    if not value or any(True for _ in _all_rows(value)):
        return f"[{words}]"
    return f"({words},)" if len(value) == 1 else f"({words})"


def _all_rows(value: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of layers, and those inside them."""
    if isinstance(value, Mapping):
        yield value
        value = [option for name, option in value.items() if name != INITIALIZER]
    for one in value if isinstance(value, list | tuple) else ():
        yield from _all_rows(one)
