"""The line of each layer in a Python program, by its exact type.

Each function takes the program, the layer and its name, and adds the line that calls
the layer's function of `numpy_layers`. Layers that only training uses add nothing.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from handgrad import layers
from handgrad.arrays import NumpyArray
from handgrad.interop import numpy_layers
from handgrad.interop.standalone import check_known, weights_of
from handgrad.layers import Layer

AddLayer: TypeAlias = "Callable[[Network, Any, str], None]"
Function: TypeAlias = Callable[..., Any]
WIDTH, INDENT = 88, "    "
NEEDS: dict[Function, Function] = {
    numpy_layers.average_pool2d: numpy_layers.windows_of,
    numpy_layers.conv2d: numpy_layers.windows_of,
    numpy_layers.max_pool2d: numpy_layers.windows_of,
    numpy_layers.silu: numpy_layers.sigmoid,
}


class Network:
    """A network under construction: its lines, the functions that they call, weights.

    `functions` are those of `numpy_layers`, each after what it calls; `weights` have
    the names of the network.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.functions: list[Function] = []
        self.weights: dict[str, NumpyArray] = {}
        self._branches = 0

    def add(self, layer: Layer[Any], name: str) -> None:
        """Add the lines of a layer; ConfigError that names one of another kind."""
        check_known(layer, name, TABLE)
        TABLE[type(layer)](self, layer, name)

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

    def residual(self, layer: layers.Residual, name: str) -> None:
        """Add both branches and their sum."""
        self._branches += 1
        inputs, body = f"inputs_{self._branches}", f"body_{self._branches}"
        self.lines += [f"# {name}: body(x) + shortcut(x)", f"{inputs} = x"]
        self.add(layer.body, f"{name}.body")
        if layer.shortcut is None:
            self.lines.append(f"x = x + {inputs}")
            return
        self.lines += [f"{body} = x", f"x = {inputs}"]
        self.add(layer.shortcut, f"{name}.shortcut")
        self.lines.append(f"x = {body} + x")


def _linear(network: Network, layer: layers.Linear, name: str) -> None:
    weights = network.weighted(layer, name, "weight", "bias")
    network.call(numpy_layers.linear, *weights)


def _conv2d(network: Network, layer: layers.Conv2d, name: str) -> None:
    weights = network.weighted(layer, name, "weight", "bias")
    network.call(numpy_layers.conv2d, *weights, *_steps(layer))


def _pool(function: Function) -> AddLayer:
    def add(network: Network, layer: Any, name: str) -> None:
        network.call(function, f"size={layer.kernel_size}", *_steps(layer))

    return add


def _steps(layer: Any) -> list[str]:
    return [f"stride={layer.stride}", f"padding={layer.padding}"]


def _batch_norm(network: Network, layer: Any, name: str) -> None:
    names = ("weight", "bias", "running_mean", "running_var")
    weights = network.weighted(layer, name, *names)
    network.call(numpy_layers.batch_norm, *weights, f"eps={layer.eps!r}")


def _leaky_relu(network: Network, layer: layers.LeakyReLU, name: str) -> None:
    network.call(numpy_layers.leaky_relu, f"slope={layer.negative_slope!r}")


def _gelu(network: Network, layer: layers.GELU, name: str) -> None:
    is_exact = layer.approximate == "none"
    network.call(numpy_layers.gelu if is_exact else numpy_layers.gelu_tanh)


def _sequential(network: Network, layer: layers.Sequential, name: str) -> None:
    for each, inner in layer.layers.items():
        network.add(inner, f"{name}.{each}" if name else each)


def _nothing(network: Network, layer: Any, name: str) -> None:
    """Dropout is the identity after training."""


def _plain(function: Function) -> AddLayer:
    """A layer without settings."""
    return lambda network, layer, name: network.call(function)


TABLE: dict[type, AddLayer] = {
    layers.AveragePool2d: _pool(numpy_layers.average_pool2d),
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Conv2d: _conv2d,
    layers.Dropout: _nothing,
    layers.Flatten: _plain(numpy_layers.flatten),
    layers.GELU: _gelu,
    layers.GlobalAveragePool2d: _plain(numpy_layers.global_average_pool2d),
    layers.LeakyReLU: _leaky_relu,
    layers.Linear: _linear,
    layers.MaxPool2d: _pool(numpy_layers.max_pool2d),
    layers.ReLU: _plain(numpy_layers.relu),
    layers.Residual: Network.residual,
    layers.Sequential: _sequential,
    layers.Sigmoid: _plain(numpy_layers.sigmoid),
    layers.SiLU: _plain(numpy_layers.silu),
    layers.Softmax: _plain(numpy_layers.softmax),
    layers.Tanh: _plain(numpy_layers.tanh),
}
