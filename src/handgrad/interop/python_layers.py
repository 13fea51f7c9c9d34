"""The line of each layer in a Python program, by its exact type.

Each function takes the program, the layer and its name, and adds the line that calls
the layer's function of `numpy_layers`. Layers that only training uses add nothing.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from handgrad import layers
from handgrad.arrays import NumpyArray, Shape
from handgrad.interop import numpy_layers
from handgrad.interop.source_windows import (
    NO_BORDERS,
    Borders,
    average_borders,
    whole_borders,
)
from handgrad.interop.standalone import check_known, weights_of
from handgrad.layers import Layer
from handgrad.layers.branches import Branches
from handgrad.layers.sliding_windows import read_padding

AddLayer: TypeAlias = "Callable[[Network, Any, str], None]"
Function: TypeAlias = Callable[..., Any]
WIDTH, INDENT = 88, "    "
USUAL = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
NEEDS: dict[Function, Function] = {
    numpy_layers.average_of_pixels: numpy_layers.windows_of,
    numpy_layers.average_pool2d: numpy_layers.windows_of,
    numpy_layers.conv2d: numpy_layers.windows_of,
    numpy_layers.max_pool2d: numpy_layers.windows_of,
    numpy_layers.silu: numpy_layers.sigmoid,
}


class Network:
    """A network under construction: its lines, the functions that they call, weights.

    `functions` are those of `numpy_layers`, each after what it calls; `weights` have
    the names of the network. `shape` is that of the values of one example.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.lines: list[str] = []
        self.functions: list[Function] = []
        self.weights: dict[str, NumpyArray] = {}
        self._blocks = 0

    def add(self, layer: Layer[Any], name: str) -> None:
        """Add the lines of a layer; ConfigError that names one of another kind."""
        check_known(layer, name, TABLE)
        shape = layer.output_shape(self.shape)
        TABLE[type(layer)](self, layer, name)
        self.shape = shape

    def call(self, function: Function, *arguments: str) -> None:
        """Add the line x = function(x, *arguments)."""
        self.use(function)
        name, given = function.__name__, ["x", *arguments]
        line = f"x = {name}({', '.join(given)})"
        if len(INDENT + line) <= WIDTH:
            self.lines.append(line)
        else:
            self.lines += [f"x = {name}(", *(f"{INDENT}{each}," for each in given), ")"]

    def use(self, function: Function) -> None:
        """Keep a function and, before it, what it calls."""
        for each in (NEEDS.get(function), function):
            if each is not None and each not in self.functions:
                self.functions.append(each)

    def weighted(self, layer: Layer[Any], name: str, *names: str) -> list[str]:
        """Keep weights of a layer; return the expressions that look them up."""
        held = weights_of(layer)
        self.weights.update({f"{name}.{each}": held[each] for each in names})
        return [f'W["{name}.{each}"]' for each in names]

    def branches(self, layer: Branches[Any], name: str, what: str) -> list[str]:
        """Add the branches of a layer; return the variables of their outputs.

        `what` says how they are joined.
        """
        self._blocks += 1
        block, shape, found = self._blocks, self.shape, list[str]()
        self.lines += [f"# {name}: {what}", f"inputs_{block} = x"]
        for branch, part in layer.parts().items():
            self.lines += [f"x = inputs_{block}"] if found else []
            self.shape = shape
            self.add(part, f"{name}.{branch}")
            found.append(f"{branch}_{block}")
            self.lines.append(f"{found[-1]} = x")
        is_alone = found == [f"body_{block}"]  # the shortcut is the identity
        return [*found, f"inputs_{block}"] if is_alone else found


def _residual(network: Network, layer: layers.Residual, name: str) -> None:
    body, shortcut = network.branches(layer, name, "body(x) + shortcut(x)")
    network.lines.append(f"x = {body} + {shortcut}")


def _multiply(network: Network, layer: layers.Multiply, name: str) -> None:
    factors = layer.body.output_shape(network.shape)
    is_by_channel = factors != layer.output_shape(network.shape)
    body, shortcut = network.branches(layer, name, "body(x) * shortcut(x)")
    body += "[..., None, None]" if is_by_channel else ""
    network.lines.append(f"x = {body} * {shortcut}")


def _concatenate(network: Network, layer: layers.Concatenate, name: str) -> None:
    found = network.branches(layer, name, "the outputs of its branches, concatenated")
    network.lines.append(f"x = np.concatenate([{', '.join(found)}], axis=1)")


def _weighted(function: Function) -> AddLayer:
    """A linear layer or a convolution, which may have no bias."""

    def add(network: Network, layer: Any, name: str) -> None:
        usual = {name: value for name, value in USUAL.items() if hasattr(layer, name)}
        given = {name: getattr(layer, name) for name in usual}
        settings = [f"{n}={v}" for n, v in given.items() if v != usual[n]]
        weights = network.weighted(layer, name, *layer.parameters())
        network.call(function, *weights, *settings)

    return add


def _max_pool2d(network: Network, layer: layers.MaxPool2d, name: str) -> None:
    padding = whole_borders(layer, network.shape)
    _pool(network, numpy_layers.max_pool2d, layer, padding)


def _average_pool2d(network: Network, layer: layers.AveragePool2d, name: str) -> None:
    counted, others = average_borders(layer, network.shape)
    if others == NO_BORDERS:
        _pool(network, numpy_layers.average_pool2d, layer, counted)
        return
    if counted != NO_BORDERS:
        rows, columns = counted
        network.lines.append(f"x = np.pad(x, ((0, 0), (0, 0), {rows}, {columns}))")
    _pool(network, numpy_layers.average_of_pixels, layer, others)


def _pool(network: Network, function: Function, layer: Any, borders: Borders) -> None:
    padding = read_padding("", borders)
    settings = [f"size={layer.kernel_size}", f"stride={layer.stride}"]
    settings += [f"padding={padding}"] if borders != NO_BORDERS else []
    network.call(function, *settings)


def _norm(function: Function, *settings: str) -> AddLayer:
    """A normalization, by the statistics of training if it has them."""

    def add(network: Network, layer: Any, name: str) -> None:
        weights = network.weighted(layer, name, *weights_of(layer))
        given = [f"{each}={getattr(layer, each)!r}" for each in settings]
        network.call(function, *weights, *given)

    return add


def _gelu(network: Network, layer: layers.GELU, name: str) -> None:
    is_exact = layer.approximate == "none"
    network.call(numpy_layers.gelu if is_exact else numpy_layers.gelu_tanh)


def _sequential(network: Network, layer: layers.Sequential, name: str) -> None:
    for each, inner in layer.layers.items():
        network.add(inner, f"{name}.{each}" if name else each)


def _nothing(network: Network, layer: Any, name: str) -> None:
    """Dropout is the identity after training."""


def _plain(function: Function, **settings: str) -> AddLayer:
    """A layer without weights; its settings by the names that the function has."""
    return lambda network, layer, name: network.call(
        function, *(f"{own}={getattr(layer, of)!r}" for own, of in settings.items())
    )


TABLE: dict[type, AddLayer] = {
    layers.AveragePool2d: _average_pool2d,
    layers.BatchNorm1d: _norm(numpy_layers.batch_norm, "eps"),
    layers.BatchNorm2d: _norm(numpy_layers.batch_norm, "eps"),
    layers.Concatenate: _concatenate,
    layers.Conv2d: _weighted(numpy_layers.conv2d),
    layers.Dropout: _nothing,
    layers.ELU: _plain(numpy_layers.elu, alpha="alpha"),
    layers.Flatten: _plain(numpy_layers.flatten),
    layers.GELU: _gelu,
    layers.GlobalAveragePool2d: _plain(numpy_layers.global_average_pool2d),
    layers.GroupNorm: _norm(numpy_layers.group_norm, "groups", "eps"),
    layers.Hardsigmoid: _plain(
        numpy_layers.hardsigmoid, slope="slope", offset="offset"
    ),
    layers.Hardswish: _plain(numpy_layers.hardswish),
    layers.LayerNorm: _norm(numpy_layers.layer_norm, "eps"),
    layers.LeakyReLU: _plain(numpy_layers.leaky_relu, slope="negative_slope"),
    layers.Linear: _weighted(numpy_layers.linear),
    layers.MaxPool2d: _max_pool2d,
    layers.Multiply: _multiply,
    layers.ReLU: _plain(numpy_layers.relu),
    layers.ReLU6: _plain(numpy_layers.relu6),
    layers.Residual: _residual,
    layers.Sequential: _sequential,
    layers.Sigmoid: _plain(numpy_layers.sigmoid),
    layers.SiLU: _plain(numpy_layers.silu),
    layers.Softmax: _plain(numpy_layers.softmax),
    layers.Tanh: _plain(numpy_layers.tanh),
}
