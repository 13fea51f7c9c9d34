"""The ONNX operators of each layer, by its exact type.

Each function takes the graph, the layer, its name and the name of its inputs, and
returns the name of its outputs. The equations are those of the layers' docstrings;
layers that only training uses become nothing.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from handgrad import layers
from handgrad.errors import ConfigError
from handgrad.interop.onnx_graph import Graph
from handgrad.interop.standalone import check_as_released
from handgrad.layers import Layer

AddLayer: TypeAlias = Callable[[Graph, Any, str, str], str]


def add_layer(graph: Graph, layer: Layer[Any], name: str, inputs: str) -> str:
    """Add the operators of a layer; ConfigError that names a layer of another kind."""
    add = TABLE.get(type(layer))
    if add is None:
        raise ConfigError(
            f"{name} is a {type(layer).__name__}, for which there is no ONNX operator. "
            "Replace it by layers of Handgrad, or save the network with save()."
        )
    check_as_released(layer, name)
    outputs = add(graph, layer, name, inputs)
    graph.shapes[outputs] = layer.output_shape(graph.shapes[inputs])
    return outputs


def _linear(graph: Graph, layer: layers.Linear, name: str, inputs: str) -> str:
    weight = graph.constant(f"{name}.weight", layer.weight.value)
    return graph.add(
        "Gemm", inputs, weight, *_bias(graph, layer, name), name=name, transB=1
    )


def _bias(graph: Graph, layer: Any, name: str) -> list[str]:
    """The bias as a constant, if there is one."""
    if layer.bias is None:
        return []
    return [graph.constant(f"{name}.bias", layer.bias.value)]


def _conv2d(graph: Graph, layer: layers.Conv2d, name: str, inputs: str) -> str:
    weight = graph.constant(f"{name}.weight", layer.weight.value)
    windows = _windows(layer) | {
        "dilations": list(layer.dilation),
        "group": layer.groups,
    }
    bias = _bias(graph, layer, name)
    return graph.add("Conv", inputs, weight, *bias, name=name, **windows)


def _max_pool2d(graph: Graph, layer: layers.MaxPool2d, name: str, inputs: str) -> str:
    windows = _windows(layer)
    ceil_mode = int(layer.ceil_mode)
    return graph.add("MaxPool", inputs, name=name, ceil_mode=ceil_mode, **windows)


def _average_pool2d(
    graph: Graph, layer: layers.AveragePool2d, name: str, inputs: str
) -> str:
    """The mean of each window."""
    windows = _windows(layer) | {
        "ceil_mode": int(layer.ceil_mode),
        "count_include_pad": int(layer.count_include_pad),
    }
    return graph.add("AveragePool", inputs, name=name, **windows)


def _windows(layer: Any) -> dict[str, Any]:
    (top, bottom), (left, right) = layer.windows.borders
    return {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.stride),
        "pads": [top, left, bottom, right],
    }


def _global_average_pool2d(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    means = graph.add("GlobalAveragePool", inputs, name=f"{name}.means")
    return graph.add("Flatten", means, name=name, axis=1)


def _batch_norm(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    """Normalization by the running statistics."""
    values = {
        "weight": layer.weight,
        "bias": layer.bias,
        "running_mean": layer.running_mean,
        "running_var": layer.running_var,
    }
    arrays = [graph.constant(f"{name}.{n}", held.value) for n, held in values.items()]
    return graph.add(
        "BatchNormalization", inputs, *arrays, name=name, epsilon=layer.eps
    )


def _flatten(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    return graph.add("Flatten", inputs, name=name, axis=1)


def _softmax(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    return graph.add("Softmax", inputs, name=name, axis=-1)


def _silu(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    gate = graph.add("Sigmoid", inputs, name=f"{name}.sigmoid")
    return graph.add("Mul", inputs, gate, name=name)


def _leaky_relu(graph: Graph, layer: layers.LeakyReLU, name: str, inputs: str) -> str:
    return graph.add("LeakyRelu", inputs, name=name, alpha=layer.negative_slope)


def _gelu(graph: Graph, layer: layers.GELU, name: str, inputs: str) -> str:
    return graph.add("Gelu", inputs, name=name, approximate=layer.approximate)


def _relu6(graph: Graph, layer: layers.ReLU6, name: str, inputs: str) -> str:
    ends = [graph.constant(f"{name}.{end}", end, np.float32) for end in (0, 6)]
    return graph.add("Clip", inputs, *ends, name=name)


def _elu(graph: Graph, layer: layers.ELU, name: str, inputs: str) -> str:
    return graph.add("Elu", inputs, name=name, alpha=layer.alpha)


def _hardsigmoid(
    graph: Graph, layer: layers.Hardsigmoid, name: str, inputs: str
) -> str:
    line = {"alpha": layer.slope, "beta": layer.offset}
    return graph.add("HardSigmoid", inputs, name=name, **line)


def _layer_norm(graph: Graph, layer: layers.LayerNorm, name: str, inputs: str) -> str:
    settings = {"axis": -len(layer.shape), "epsilon": layer.eps}
    both = _scale_and_shift(graph, layer, name)
    return graph.add("LayerNormalization", inputs, *both, name=name, **settings)


def _group_norm(graph: Graph, layer: layers.GroupNorm, name: str, inputs: str) -> str:
    settings = {"num_groups": layer.groups, "epsilon": layer.eps}
    both = _scale_and_shift(graph, layer, name)
    return graph.add("GroupNormalization", inputs, *both, name=name, **settings)


def _scale_and_shift(graph: Graph, layer: Any, name: str) -> list[str]:
    return [
        graph.constant(f"{name}.{each}", parameter.value)
        for each, parameter in layer.parameters().items()
    ]


def _residual(graph: Graph, layer: layers.Residual, name: str, inputs: str) -> str:
    return graph.add("Add", *_both(graph, layer, name, inputs), name=name)


def _multiply(graph: Graph, layer: layers.Multiply, name: str, inputs: str) -> str:
    """The product; one number for each channel becomes an image of one pixel."""
    body, shortcut = _both(graph, layer, name, inputs)
    if len(graph.shapes[body]) < len(graph.shapes[shortcut]):
        axes = graph.integers(f"{name}.axes", [2, 3])
        body = graph.add("Unsqueeze", body, axes, name=f"{name}.gate")
    return graph.add("Mul", body, shortcut, name=name)


def _both(graph: Graph, layer: Any, name: str, inputs: str) -> tuple[str, str]:
    """The outputs of body and shortcut."""
    body = add_layer(graph, layer.body, f"{name}.body", inputs)
    if layer.shortcut is None:
        return body, inputs
    return body, add_layer(graph, layer.shortcut, f"{name}.shortcut", inputs)


def _concatenate(
    graph: Graph, layer: layers.Concatenate, name: str, inputs: str
) -> str:
    parts = [
        add_layer(graph, part, f"{name}.{each}", inputs)
        for each, part in layer.branches.items()
    ]
    return graph.add("Concat", *parts, name=name, axis=1)


def _sequential(graph: Graph, layer: layers.Sequential, name: str, inputs: str) -> str:
    for each, inner in layer.layers.items():
        inputs = add_layer(graph, inner, f"{name}.{each}" if name else each, inputs)
    return inputs


def _nothing(graph: Graph, layer: Any, name: str, inputs: str) -> str:
    """Dropout is the identity after training."""
    return inputs


def _plain(kind: str) -> AddLayer:
    """A layer without settings that is one operator."""
    return lambda graph, layer, name, inputs: graph.add(kind, inputs, name=name)


TABLE: dict[type, AddLayer] = {
    layers.AveragePool2d: _average_pool2d,
    layers.BatchNorm1d: _batch_norm,
    layers.BatchNorm2d: _batch_norm,
    layers.Concatenate: _concatenate,
    layers.Conv2d: _conv2d,
    layers.Dropout: _nothing,
    layers.ELU: _elu,
    layers.Flatten: _flatten,
    layers.GELU: _gelu,
    layers.GlobalAveragePool2d: _global_average_pool2d,
    layers.GroupNorm: _group_norm,
    layers.Hardsigmoid: _hardsigmoid,
    layers.Hardswish: _plain("HardSwish"),
    layers.LayerNorm: _layer_norm,
    layers.LeakyReLU: _leaky_relu,
    layers.Linear: _linear,
    layers.MaxPool2d: _max_pool2d,
    layers.Multiply: _multiply,
    layers.ReLU6: _relu6,
    layers.ReLU: _plain("Relu"),
    layers.Residual: _residual,
    layers.Sequential: _sequential,
    layers.Sigmoid: _plain("Sigmoid"),
    layers.SiLU: _silu,
    layers.Softmax: _softmax,
    layers.Tanh: _plain("Tanh"),
}
