"""The call of each layer in a C program, by its exact type.

Each function takes the program, the layer and its name, and adds the call of the
layer's function of `c_functions`. Flatten, and layers that only training uses, add
nothing.
"""

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from handgrad import layers
from handgrad.arrays import NumpyArray, Shape
from handgrad.interop.standalone import check_known, weights_of
from handgrad.layers import Layer

AddLayer: TypeAlias = "Callable[[Network, Any, str], None]"


class Network:
    """A network under construction: its calls, the functions they need, its weights.

    The values of one example are in `buffers`, whose sizes these are: each layer reads
    one and writes another. `values` is the one that was written last, `shape` the
    shape of what it holds.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.lines: list[str] = []
        self.functions: list[str] = []
        self.weights: dict[str, NumpyArray] = {}
        self.buffers: list[int] = []
        self._held: list[int] = []  # buffers that a shortcut or a sum still reads
        self.values = self._free(prod(shape))

    def add(self, layer: Layer[Any], name: str) -> None:
        """Add the calls of a layer; ConfigError that names one of another kind."""
        check_known(layer, name, TABLE)
        shape = layer.output_shape(self.shape)
        TABLE[type(layer)](self, layer, name)
        self.shape = shape

    def call(self, name: str, function: str, shape: Shape, *arguments: object) -> None:
        """Add function(inputs, *arguments, outputs), with outputs of this `shape`."""
        if function not in self.functions:
            self.functions.append(function)
        outputs = self._free(prod(shape))
        given = ", ".join(map(str, (f"v{self.values}", *arguments, f"v{outputs}")))
        self.lines += [f"/* {name} */", f"{function}({given});"]
        self.values, self.shape = outputs, shape

    def weighted(self, layer: Layer[Any], name: str, *names: str) -> list[str]:
        """Keep weights of a layer; return their names in the program."""
        held = weights_of(layer)
        made = {f"{name}.{each}".replace(".", "_"): held[each] for each in names}
        self.weights.update(made)
        return list(made)

    def residual(self, layer: layers.Residual, name: str) -> None:
        """Add both branches and their sum."""
        inputs, shape = self.values, self.shape
        self._held.append(inputs)
        self.add(layer.body, f"{name}.body")
        body, outputs = self.values, self.shape
        self._held.append(body)
        self.values, self.shape = inputs, shape
        if layer.shortcut is not None:
            self.add(layer.shortcut, f"{name}.shortcut")
        self.call(f"{name}: body + shortcut", "add", outputs, f"v{body}", prod(outputs))
        del self._held[-2:]

    def _free(self, size: int) -> int:
        """A buffer that nothing reads any more, at least this large."""
        used = {*self._held, *([self.values] if self.buffers else [])}
        free = [place for place in range(len(self.buffers)) if place not in used]
        if not free:
            self.buffers.append(0)
            free = [len(self.buffers) - 1]
        self.buffers[free[0]] = max(self.buffers[free[0]], size)
        return free[0]


def _linear(network: Network, layer: layers.Linear, name: str) -> None:
    weights = network.weighted(layer, name, "weight", "bias")
    sizes = (layer.in_features, layer.out_features)
    network.call(name, "linear", sizes[1:], *weights, *sizes)


def _conv2d(network: Network, layer: layers.Conv2d, name: str) -> None:
    weights = network.weighted(layer, name, "weight", "bias")
    shape = layer.output_shape(network.shape)
    windows = _windows(network, layer)
    network.call(name, "conv2d", shape, *weights, layer.out_channels, windows)


def _pool(function: str) -> AddLayer:
    def add(network: Network, layer: Any, name: str) -> None:
        shape = layer.output_shape(network.shape)
        network.call(name, function, shape, _windows(network, layer))

    return add


def _windows(network: Network, layer: Any) -> str:
    """The windows of a layer, as a value of that type in C."""
    shape, grid = network.shape, layer.output_shape(network.shape)[1:]
    sides = (*shape, *grid, *layer.kernel_size, *layer.stride, *layer.padding)
    return f"(windows){{{', '.join(map(str, sides))}}}"


def _global_average_pool2d(network: Network, layer: Any, name: str) -> None:
    channels, *size = network.shape
    network.call(name, "global_average_pool2d", (channels,), channels, prod(size))


def _batch_norm(network: Network, layer: Any, name: str) -> None:
    names = ("weight", "bias", "running_mean", "running_var")
    weights = network.weighted(layer, name, *names)
    channels, *size = network.shape
    eps = number(layer.eps)
    network.call(name, "batch_norm", network.shape, *weights, eps, channels, prod(size))


def _softmax(network: Network, layer: Any, name: str) -> None:
    *rows, columns = network.shape
    network.call(name, "softmax", network.shape, prod(rows), columns)


def _leaky_relu(network: Network, layer: layers.LeakyReLU, name: str) -> None:
    slope = number(layer.negative_slope)
    network.call(name, "leaky_relu", network.shape, slope, prod(network.shape))


def _gelu(network: Network, layer: layers.GELU, name: str) -> None:
    function = "gelu" if layer.approximate == "none" else "gelu_tanh"
    network.call(name, function, network.shape, prod(network.shape))


def _sequential(network: Network, layer: layers.Sequential, name: str) -> None:
    for each, inner in layer.layers.items():
        network.add(inner, f"{name}.{each}" if name else each)


def _nothing(network: Network, layer: Any, name: str) -> None:
    """The numbers in memory stay the same."""


def _plain(function: str) -> AddLayer:
    """A layer without settings that works on each number."""
    return lambda network, layer, name: network.call(
        name, function, network.shape, prod(network.shape)
    )


def number(value: float) -> str:
    """A number as a constant of type float."""
    return f"{float(value)!r}f"


TABLE: dict[type, AddLayer] = {
    layers.AveragePool2d: _pool("average_pool2d"),
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Conv2d: _conv2d,
    layers.Dropout: _nothing,
    layers.Flatten: _nothing,
    layers.GELU: _gelu,
    layers.GlobalAveragePool2d: _global_average_pool2d,
    layers.LeakyReLU: _leaky_relu,
    layers.Linear: _linear,
    layers.MaxPool2d: _pool("max_pool2d"),
    layers.ReLU: _plain("relu"),
    layers.Residual: Network.residual,
    layers.Sequential: _sequential,
    layers.Sigmoid: _plain("sigmoid"),
    layers.SiLU: _plain("silu"),
    layers.Softmax: _softmax,
    layers.Tanh: _plain("hyperbolic_tangent"),
}
