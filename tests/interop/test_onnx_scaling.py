"""Scaling of the inputs is read exactly, or refused."""

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.interop.onnx_graph import Graph
from handgrad.interop.onnx_scaling import Scaling
from handgrad.interop.onnx_source import Source, UnsupportedError

onnx = pytest.importorskip("onnx")
SHAPE = (2, 4, 4)


def scaling_of(*steps, dtype=np.float32):
    """Of operators on x, each (kind, constant, whether the constant is first)."""
    graph, value = Graph(), "x"
    for kind, number, is_first in steps:
        names = [value, graph.constant("c", number, dtype)]
        value = graph.add(kind, *(names[::-1] if is_first else names), name=kind)
    last = graph.add("Relu", value, name="last")
    info, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    ends = [info("x", kind, ["n", *SHAPE])], [info(last, kind, None)]
    made = onnx.helper.make_graph(graph.nodes, "g", *ends, graph.constants)
    return Scaling(Source(onnx.helper.make_model(made), "it"))


CHANNELS = np.array([2, 4]).reshape(2, 1, 1)


@pytest.mark.parametrize(
    ("kind", "is_first", "compute"),
    [
        ("Add", False, np.add),
        ("Add", True, np.add),
        ("Mul", False, np.multiply),
        ("Mul", True, np.multiply),
        ("Sub", False, np.subtract),
        ("Div", False, np.divide),
    ],
)
def test_each_operator_is_read_with_its_operands_in_order(kind, is_first, compute):
    found = scaling_of(("Sub", 3, False), (kind, CHANNELS, is_first))
    x = np.random.default_rng(0).normal(size=SHAPE)
    scale, shift = (each.reshape(-1, 1, 1) for each in (found.scale, found.shift))
    np.testing.assert_allclose(scale * x + shift, compute(x - 3, CHANNELS))
    mean, std = (each.reshape(-1, 1, 1) for each in found.normalization())
    np.testing.assert_allclose((x - mean) / std, compute(x - 3, CHANNELS))


@pytest.mark.parametrize("kind", ["Sub", "Div"])
def test_a_constant_minus_or_by_the_inputs_is_refused(kind):
    with pytest.raises(UnsupportedError, match=rf"{kind} .* with the inputs second"):
        scaling_of((kind, 3, True))


@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (4,), (3, 1, 1), (1, 1, 2, 1, 1)])
def test_numbers_that_are_not_for_channels_are_refused(shape):
    numbers = np.arange(np.prod(shape)).reshape(shape)
    with pytest.raises(UnsupportedError, match=r"Sub \(Sub\) before the first layer"):
        scaling_of(("Sub", numbers, False))
    if shape == (4,):
        assert scaling_of(("Sub", np.ones(shape), False)).shift.tolist() == [-1]


@pytest.mark.parametrize(
    ("kind", "number", "shown"),
    [("Mul", 0, "0"), ("Mul", -2, "-2"), ("Mul", np.nan, "nan"), ("Div", -0.5, "-2")],
)
def test_the_scale_is_above_0(kind, number, shown):
    with pytest.raises(ConfigError, match=f"multiplied by {shown}, which is not > 0"):
        scaling_of((kind, number, False)).normalization()


def test_integer_arithmetic_is_refused():
    with pytest.raises(UnsupportedError, match=r"Div .* in int64 arithmetic"):
        scaling_of(("Div", 2, False), dtype=np.int64)
