"""What is read of a graph: constants, inputs, and the way to the logits."""

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.onnx_source import Source, attributes, named
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


@pytest.mark.parametrize("shape", [["n", 1, "h", 28], ["n"], ["n", 2, 3]])
def test_sizes_must_be_fixed(model, shape):
    other = onnx.ModelProto()
    other.CopyFrom(model)
    info = onnx.helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, shape)
    other.graph.input[0].CopyFrom(info)
    with pytest.raises(ConfigError, match="takes inputs of shape"):
        Source(other, "it")


def test_one_input_is_expected(model):
    other = onnx.ModelProto()
    other.CopyFrom(model)
    info = onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, ["n", 1])
    other.graph.input.append(info)
    with pytest.raises(ConfigError, match="has 2 inputs"):
        Source(other, "it")
