"""Every operator of the table is reached by a network that is read."""

import numpy as np
import pytest

from handgrad.interop.onnx_graph import Graph
from handgrad.interop.onnx_layers import TABLE, layer_of
from handgrad.interop.onnx_source import UnsupportedError

pytest.importorskip("onnx")


class Known:
    """A source of constants."""

    opset, ones = 20, {}

    def __init__(self, graph):
        from handgrad.interop.onnx_graph import import_onnx

        to_array = import_onnx().numpy_helper.to_array
        self.constants = {each.name: to_array(each) for each in graph.constants}


NODES = {
    "AveragePool": ((2, 6, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    "Clip": ((4,), {"min": 0.0, "max": 6.0}),
    "Dropout": ((4,), {}),
    "Elu": ((4,), {"alpha": 0.5}),
    "Flatten": ((2, 3, 3), {}),
    "Gelu": ((4,), {"approximate": "tanh"}),
    "GlobalAveragePool": ((2, 3, 3), {}),
    "HardSigmoid": ((4,), {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ((4,), {}),
    "Identity": ((4,), {}),
    "LeakyRelu": ((4,), {"alpha": 0.25}),
    "LogSoftmax": ((4,), {"axis": -1}),
    "MaxPool": ((2, 6, 6), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    "Relu": ((4,), {}),
    "Sigmoid": ((4,), {}),
    "Softmax": ((4,), {"axis": 1}),
    "Squeeze": ((4,), {}),
    "Swish": ((4,), {"alpha": 1.0}),
    "Tanh": ((4,), {}),
}


@pytest.mark.parametrize("kind", NODES)
def test_operators_without_weights(kind):
    shape, options = NODES[kind]
    graph = Graph()
    graph.add(kind, "x", name="it", **options)
    layer = layer_of(Known(graph), graph.nodes[0], shape)
    if kind in ("Dropout", "Identity", "Squeeze"):
        assert layer is None
    else:
        name = {"Clip": "ReLU6", "Swish": "SiLU", "LogSoftmax": "Softmax"}.get(
            kind, kind
        )
        assert type(layer).__name__.lower().startswith(name.lower()[:4])
        layer.forward(np.ones((2, *shape), dtype=np.float32))


def test_the_table_has_no_more():
    with_weights = {"BatchNormalization", "Conv", "Gemm", "MatMul", "Reshape"}
    with_weights |= {"GroupNormalization", "LayerNormalization", "Unsqueeze"}
    assert set(TABLE) == set(NODES) | with_weights


@pytest.mark.parametrize(
    ("kind", "shape", "options"),
    [
        ("Softmax", (2, 3, 3), {"axis": 1}),
        ("Squeeze", (2, 3, 3), {}),
        ("MaxPool", (2, 6, 6), {"kernel_shape": [2, 2], "dilations": [2, 2]}),
        ("MaxPool", (2, 6, 6), {"kernel_shape": [2, 2], "pads": [2, 2, 2, 2]}),
        ("AveragePool", (2, 6), {"kernel_shape": [2]}),
        ("Flatten", (2, 3, 3), {"axis": 2}),
        ("Clip", (4,), {"min": 0.0, "max": 1.0}),
        ("Swish", (4,), {"alpha": 2.0}),
    ],
)
def test_what_no_layer_does(kind, shape, options):
    graph = Graph()
    graph.add(kind, "x", name="it", **options)
    with pytest.raises(UnsupportedError):
        layer_of(Known(graph), graph.nodes[0], shape)
