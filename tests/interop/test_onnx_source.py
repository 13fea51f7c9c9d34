"""What is read of a graph: constants, inputs, and the way to the logits."""

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.onnx_source import Source, attributes, axes_of, named, rank_of
from handgrad.models import lenet

onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def model():
    return onnx_model(lenet(input_shape=(1, 28, 28)), (1, 28, 28))


def test_a_graph_of_ours(model):
    source = Source(model, "it")
    assert (source.shape, source.dtype) == ((1, 28, 28), "float32")
    assert [node.op_type for node in source.users("images")] == ["Conv"]
    (first,) = source.users("images")
    assert attributes(first)["kernel_shape"] == [5, 5]
    assert named(first) == "Conv (conv2d_1)"
    np.testing.assert_array_equal(
        source.constants["conv2d_1.bias"],
        np.zeros(len(source.constants["conv2d_1.bias"])),
    )


FLOAT, DOUBLE = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE


@pytest.mark.parametrize(
    ("kind", "shape", "said"),
    [
        (FLOAT, ["n", 1, "h", None], r"shape \(n, 1, h, \?\), but only the size"),
        (FLOAT, ["n"], r"shape \(n\), but a network takes images"),
        (FLOAT, ["n", 2, 3], r"shape \(n, 2, 3\), but a network takes images"),
        (DOUBLE, ["n", 1, 28, 28], "inputs of type double"),
    ],
)
def test_the_inputs_have_a_known_form(model, kind, shape, said):
    other = onnx.ModelProto()
    other.CopyFrom(model)
    info = onnx.helper.make_tensor_value_info("images", kind, shape)
    other.graph.input[0].CopyFrom(info)
    with pytest.raises(ConfigError, match=said):
        Source(other, "it")


def source_of(nodes, outputs, constants=()):
    """A graph of vectors of 3 features; each node is (kind, inputs, output)."""
    make, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [make(kind, names, [name], **rest) for kind, names, name, rest in nodes],
        "g",
        [info("x", FLOAT, ["n", 3])],
        [info(name, FLOAT, None) for name in outputs],
        [onnx.numpy_helper.from_array(a, n) for n, a in dict(constants).items()],
    )
    return Source(onnx.helper.make_model(graph), "it")


HEADS = [
    ("Relu", ["x"], "z", {}),
    ("Div", ["z", "t"], "scaled", {}),
    ("Softmax", ["scaled"], "p", {}),
    ("ArgMax", ["p"], "class", {}),
    ("Tanh", ["x"], "other", {}),
]


def test_the_logits_are_found_among_outputs():
    temperature = {"t": np.float32(2)}
    for outputs in (["z"], ["z", "p"], ["p", "z"], ["class", "p", "z"]):
        assert source_of(HEADS, outputs, temperature).output == "z"
    assert source_of(HEADS, ["class", "p"], temperature).output == "p"
    with pytest.raises(ConfigError, match="has the outputs z and other, but"):
        source_of(HEADS, ["z", "other"], temperature)
    with pytest.raises(ConfigError, match="has no output"):
        source_of(HEADS, [])


def test_constants_are_read_through_copies():
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    nodes = [
        ("Identity", ["w"], "copy", {}),
        ("Transpose", ["copy"], "turned", {"perm": [1, 0]}),
        ("Constant", [], "half", {"value_float": 0.5}),
        ("Constant", [], "two", {"value_floats": [1.0, 2.0]}),
        ("Constant", [], "axis", {"value_int": 1}),
        ("Constant", [], "shape", {"value_ints": [0, -1]}),
        ("MatMul", ["x", "turned"], "y", {}),
    ]
    source = source_of(nodes, ["y"], {"w": weight})
    np.testing.assert_array_equal(source.constants["turned"], weight.T)
    found = [source.constants[name] for name in ("half", "two", "axis", "shape")]
    assert [each.tolist() for each in found] == [0.5, [1, 2], 1, [0, -1]]
    assert [str(each.dtype) for each in found] == ["float32"] * 2 + ["int64"] * 2
    assert [node.op_type for node in source.nodes] == ["MatMul"]


def test_one_input_is_expected(model):
    other = onnx.ModelProto()
    other.CopyFrom(model)
    info = onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, ["n", 1])
    other.graph.input.append(info)
    with pytest.raises(ConfigError, match="has 2 inputs"):
        Source(other, "it")


def test_last_axes_of_size_1_are_counted():
    nodes = [
        ("GlobalAveragePool", ["x"], "means", {}),
        ("Relu", ["means"], "a", {}),
        ("Squeeze", ["a", "last"], "b", {}),
        ("Flatten", ["b"], "c", {}),
        ("Unsqueeze", ["c", "axes"], "d", {}),
    ]
    constants = {"last": np.array([-1]), "axes": np.array([2, 3])}
    source = source_of(nodes, ["d"], constants)
    assert source.ones == {"means": 2, "a": 2, "b": 1, "c": 0, "d": 2}
    ranks = [rank_of(source, node, (3,)) for node in source.nodes[1:]]
    assert ranks == [4, 4, 3, 2]
    assert axes_of(source.nodes[-1], source.constants) == [2, 3]


def test_the_version_of_the_operators(model):
    assert Source(model, "it").opset == model.opset_import[0].version
