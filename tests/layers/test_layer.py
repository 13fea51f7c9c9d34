import numpy as np
import pytest

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Linear, ReLU, Residual, Sequential
from handgrad.layers.layer import Layer


class Double(Layer):
    """A minimal layer."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return 2 * inputs, None

    def backward(self, d_outputs, cache, /):
        return 2 * d_outputs, {}


def test_a_layer_needs_three_methods():
    layer = Double()
    outputs, cache = layer.forward(np.array([[3.0]]))
    assert outputs == [[6.0]]
    assert layer.backward(outputs, cache) == ([[12.0]], {})
    assert layer.output_shape((1,)) == (1,)


def test_most_layers_have_no_parameters_and_no_buffers():
    assert Double().parameters() == {}
    assert Double().buffers() == {}
    assert Double().parameters() is not Double().parameters()


@pytest.mark.parametrize("missing", ["output_shape", "forward", "backward"])
def test_a_layer_without_one_of_them_is_abstract(missing):
    methods = {name: getattr(Double, name) for name in vars(Double)}
    names = {"output_shape", "forward", "backward"} - {missing}
    kind = type("Half", (Layer,), {name: methods[name] for name in names})
    with pytest.raises(TypeError, match=missing):
        kind()


@pytest.mark.parametrize("part", [1, "relu", None, ReLU, np.zeros(3)])
@pytest.mark.parametrize("make", [lambda part: Sequential([ReLU(), part]), Residual])
def test_a_network_of_anything_else_is_refused(make, part):
    with pytest.raises(ConfigError, match=r"takes layers, got .*such as ReLU\(\)"):
        make(part)


def test_a_key_is_a_key():
    with pytest.raises(
        ConfigError, match=r"A weight takes a Key, got 5\. Give Key\(5\)"
    ):
        Linear(3, 3, key=5)


@pytest.mark.parametrize("value", [np.zeros((3, 2)), 1.0, None])
def test_an_initializer_returns_one_value_for_each_weight(value):
    layer = Linear(2, 4, initializer=lambda shape, key: value)
    with pytest.raises(ShapeError, match=r"expected an array of shape \(4, 2\)"):
        _ = layer.weight.value
