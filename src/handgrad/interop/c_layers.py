"""The call of each layer in a C program, by its exact type.

Each function takes the program, the layer and its name, and adds the call of the
layer's function of `c_functions`. Flatten, and layers that only training uses, add
nothing.
"""

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

import numpy as np

from handgrad import layers
from handgrad.arrays import NumpyArray, Shape
from handgrad.interop.source_windows import NO_BORDERS, Borders, average_borders
from handgrad.interop.standalone import check_known, weights_of
from handgrad.layers import Layer
from handgrad.layers.branches import Branches
from handgrad.layers.sliding_windows import Windows

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
        self._held: list[int] = []  # buffers that a branch or a join still reads
        self.values = self._free(prod(shape))

    def add(self, layer: Layer[Any], name: str) -> None:
        """Add the calls of a layer; ConfigError that names one of another kind."""
        check_known(layer, name, TABLE)
        shape = layer.output_shape(self.shape)
        TABLE[type(layer)](self, layer, name)
        self.shape = shape

    def call(self, name: str, function: str, shape: Shape, *arguments: object) -> None:
        """Add function(inputs, *arguments, outputs), with outputs of this `shape`."""
        outputs = self._free(prod(shape))
        self.write(name, function, *arguments, f"v{outputs}")
        self.values, self.shape = outputs, shape

    def write(self, name: str, function: str, *arguments: object) -> None:
        """Add function(inputs, *arguments), below a comment with the name."""
        if function not in self.functions:
            self.functions.append(function)
        given = ", ".join(map(str, (f"v{self.values}", *arguments)))
        self.lines += [f"/* {name} */", f"{function}({given});"]

    def weighted(self, layer: Layer[Any], name: str, *names: str) -> list[str]:
        """Keep weights of a layer; return their names in the program."""
        held = weights_of(layer)
        made = {f"{name}.{each}".replace(".", "_"): held[each] for each in names}
        self.weights.update(made)
        return list(made)

    def join(self, layer: Branches[Any], name: str, function: str) -> None:
        """Add the body of a layer and its shortcut, and what joins them."""
        inputs, shape = self.values, self.shape
        self._held.append(inputs)
        self.add(layer.parts()["body"], f"{name}.body")
        body, size = self.values, prod(self.shape)
        self._held.append(body)
        self.values, self.shape = inputs, shape
        if shortcut := layer.parts().get("shortcut"):
            self.add(shortcut, f"{name}.shortcut")
        count = prod(self.shape)
        pixels = [count // size] if function == "multiply" else []
        what = f"{name}: body and shortcut"
        self.call(what, function, self.shape, f"v{body}", count, *pixels)
        del self._held[-2:]

    def concatenate(self, layer: layers.Concatenate, name: str) -> None:
        """Add the branches, each of which is copied behind those before it."""
        inputs, shape = self.values, self.shape
        outputs, place = self._free(prod(layer.output_shape(shape))), 0
        self._held += [inputs, outputs]
        for branch, part in layer.parts().items():
            self.values, self.shape = inputs, shape
            self.add(part, f"{name}.{branch}")
            count = prod(self.shape)
            self.write(f"{name}: {branch}", "copy", count, f"v{outputs} + {place}")
            place += count
        self.values = outputs
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
    weights, sizes = _weights(network, layer, name), layer.weight.shape[::-1]
    network.call(name, "linear", sizes[1:], *weights, *sizes)


def _conv2d(network: Network, layer: layers.Conv2d, name: str) -> None:
    weights = _weights(network, layer, name)
    sizes = (layer.out_channels, layer.groups)
    shape = layer.output_shape(network.shape)
    windows = _windows(network, layer.windows, layer.windows.borders, shape)
    network.call(name, "conv2d", shape, *weights, *sizes, windows)


def _weights(network: Network, layer: Any, name: str) -> list[str]:
    """The names of the weight and the bias of a layer; zeros if it has none."""
    weight, *bias = network.weighted(layer, name, *layer.parameters())
    if not bias:
        bias = [weight.removesuffix("weight") + "bias"]
        count = layer.weight.shape[0]
        network.weights[bias[0]] = np.zeros(count, dtype=np.float32)
    return [weight, *bias]


def _max_pool2d(network: Network, layer: layers.MaxPool2d, name: str) -> None:
    shape = layer.output_shape(network.shape)
    windows = _windows(network, layer.windows, layer.windows.borders, shape)
    network.call(name, "max_pool2d", shape, windows)


def _average_pool2d(network: Network, layer: layers.AveragePool2d, name: str) -> None:
    shape, borders = layer.output_shape(network.shape), layer.windows.borders
    counted, others = average_borders(layer, network.shape)
    if NO_BORDERS not in (counted, others):
        _pad(network, name, counted)
        borders = NO_BORDERS
    windows = _windows(network, layer.windows, borders, shape)
    counts_padding = int(others == NO_BORDERS)
    network.call(name, "average_pool2d", shape, windows, counts_padding)


def _pad(network: Network, name: str, borders: Borders) -> None:
    """Add a border of zeros: the mean of each pixel of the padded images."""
    channels, *size = network.shape
    height, width = (n + sum(side) for n, side in zip(size, borders, strict=True))
    shape = (channels, height, width)
    windows = _windows(network, Windows((1, 1), (1, 1), 0), borders, shape)
    network.call(f"{name}: its padding", "average_pool2d", shape, windows, 1)


def _windows(network: Network, windows: Windows, borders: Borders, shape: Shape) -> str:
    """Windows, as a value of that type in C, for outputs of a shape."""
    before = [side[0] for side in borders]
    steps = (*windows.kernel_size, *windows.stride, *before, *windows.dilation)
    return f"(windows){{{', '.join(map(str, (*network.shape, *shape[1:], *steps)))}}}"


def _global_average_pool2d(network: Network, layer: Any, name: str) -> None:
    channels, *size = network.shape
    network.call(name, "global_average_pool2d", (channels,), channels, prod(size))


def _batch_norm(network: Network, layer: Any, name: str) -> None:
    weights = network.weighted(layer, name, *weights_of(layer))
    channels, *size = network.shape
    eps = number(layer.eps)
    network.call(name, "batch_norm", network.shape, *weights, eps, channels, prod(size))


def _layer_norm(network: Network, layer: layers.LayerNorm, name: str) -> None:
    columns = prod(layer.shape)
    _norm_of_rows(network, layer, name, prod(network.shape) // columns, columns, 1)


def _group_norm(network: Network, layer: layers.GroupNorm, name: str) -> None:
    pixels = prod(network.shape[1:])
    _norm_of_rows(network, layer, name, layer.groups, layer.channels, pixels)


def _norm_of_rows(
    network: Network, layer: Any, name: str, rows: int, weights: int, pixels: int
) -> None:
    columns = prod(network.shape) // rows
    given = network.weighted(layer, name, *layer.parameters())
    sizes = (number(layer.eps), rows, columns, weights, pixels)
    network.call(name, "norm_of_rows", network.shape, *given, *sizes)


def _softmax(network: Network, layer: Any, name: str) -> None:
    *rows, columns = network.shape
    network.call(name, "softmax", network.shape, prod(rows), columns)


def _gelu(network: Network, layer: layers.GELU, name: str) -> None:
    function = "gelu" if layer.approximate == "none" else "gelu_tanh"
    network.call(name, function, network.shape, prod(network.shape))


def _sequential(network: Network, layer: layers.Sequential, name: str) -> None:
    for each, inner in layer.layers.items():
        network.add(inner, f"{name}.{each}" if name else each)


def _nothing(network: Network, layer: Any, name: str) -> None:
    """The numbers in memory stay the same."""


def _joined(function: str) -> AddLayer:
    """A layer with a body and a shortcut."""
    return lambda network, layer, name: network.join(layer, name, function)


def _plain(function: str, *settings: str) -> AddLayer:
    """A layer that works on each number, with these settings."""
    return lambda network, layer, name: network.call(
        name,
        function,
        network.shape,
        *(number(getattr(layer, each)) for each in settings),
        prod(network.shape),
    )


def array(name: str, values: NumpyArray) -> str:
    """An array of weights, with as few digits as give the same float32 again."""
    texts = [f"{text}f" for text in values.reshape(-1).astype(str).tolist()]
    rows = (", ".join(texts[start : start + 6]) for start in range(0, len(texts), 6))
    shape = " x ".join(map(str, values.shape))
    return (
        f"/* {shape} */\nstatic const float {name}[{values.size}] = {{\n    "
        + ",\n    ".join(rows)
        + "};\n"
    )


def number(value: float) -> str:
    """A number as a constant of type float."""
    return f"{float(value)!r}f"


TABLE: dict[type, AddLayer] = {
    layers.AveragePool2d: _average_pool2d,
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Concatenate: Network.concatenate,
    layers.Conv2d: _conv2d,
    layers.Dropout: _nothing,
    layers.ELU: _plain("elu", "alpha"),
    layers.Flatten: _nothing,
    layers.GELU: _gelu,
    layers.GlobalAveragePool2d: _global_average_pool2d,
    layers.GroupNorm: _group_norm,
    layers.Hardsigmoid: _plain("hardsigmoid", "slope", "offset"),
    layers.Hardswish: _plain("hardswish"),
    layers.LayerNorm: _layer_norm,
    layers.LeakyReLU: _plain("leaky_relu", "negative_slope"),
    layers.Linear: _linear,
    layers.MaxPool2d: _max_pool2d,
    layers.Multiply: _joined("multiply"),
    layers.ReLU: _plain("relu"),
    layers.ReLU6: _plain("relu6"),
    layers.Residual: _joined("add"),
    layers.Sequential: _sequential,
    layers.Sigmoid: _plain("sigmoid"),
    layers.SiLU: _plain("silu"),
    layers.Softmax: _softmax,
    layers.Tanh: _plain("hyperbolic_tangent"),
}
