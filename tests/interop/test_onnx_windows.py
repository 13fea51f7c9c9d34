"""Settings of sliding windows as ONNX gives them; test_onnx_node_cases has more."""

import pytest

from handgrad.interop.onnx_graph import Graph
from handgrad.interop.onnx_source import UnsupportedError
from handgrad.interop.onnx_windows import average_pool2d, max_pool2d

pytest.importorskip("onnx")


def node_of(kind, **attributes):
    graph = Graph()
    graph.add(kind, "x", name="it", **attributes)
    return graph.nodes[0]


@pytest.mark.parametrize(
    ("kind", "padding"),
    [
        ("SAME_UPPER", ((1, 2), (0, 1))),
        ("SAME_LOWER", ((2, 1), (1, 0))),
        ("VALID", (0, 0)),
    ],
)
def test_padding_by_name(kind, padding):
    settings = {"kernel_shape": [6, 2], "strides": [3, 2], "auto_pad": kind}
    layer = max_pool2d(None, node_of("MaxPool", **settings), (1, 9, 5))
    assert (layer.padding, layer.stride) == (padding, (3, 2))


def test_padding_by_side_and_what_counts():
    settings = {"kernel_shape": [2, 2], "pads": [1, 0, 0, 1]}
    layer = average_pool2d(None, node_of("AveragePool", **settings), (1, 9, 5))
    assert layer.padding == ((1, 0), (0, 1))
    assert not layer.count_include_pad


def test_windows_over_vectors_are_refused():
    with pytest.raises(UnsupportedError, match="not images"):
        max_pool2d(None, node_of("MaxPool", kernel_shape=[2]), (6,))
