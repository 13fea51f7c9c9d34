import numpy as np
import pytest

from handgrad.layers.layer import Layer


class Double(Layer):
    """The least that a layer must be."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return 2 * inputs, None

    def backward(self, d_outputs, cache, /):
        return 2 * d_outputs, {}


def test_three_methods_make_a_layer():
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
def test_a_layer_without_one_of_them_cannot_be_made(missing):
    methods = {name: getattr(Double, name) for name in vars(Double)}
    names = {"output_shape", "forward", "backward"} - {missing}
    kind = type("Half", (Layer,), {name: methods[name] for name in names})
    with pytest.raises(TypeError, match=missing):
        kind()
