import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.layers import ReLU, Sequential
from handgrad.layers.returned_pairs import backward_pair, forward_pair


class Wrong(ReLU):
    def forward(self, inputs, *, training=False, key=None):
        return inputs if training else super().forward(inputs)

    def backward(self, d_outputs, cache, /):
        return d_outputs


def test_pairs_pass():
    assert forward_pair("", ReLU(), (1, 2)) == (1, 2)
    assert backward_pair("", ReLU(), [1, {}]) == (1, {})


@pytest.mark.parametrize("results", [None, 1, (1,), (1, 2, 3), np.ones((2, 2))])
def test_others_are_refused_by_the_name_of_the_layer(results):
    said = "relu_1: forward of ReLU returned .* 'return outputs, cache'"
    with pytest.raises(ConfigError, match=said):
        forward_pair("relu_1", ReLU(), results)
    said = "The network: backward of ReLU returned .* 'return d_inputs, gradients'"
    with pytest.raises(ConfigError, match=said):
        backward_pair("", ReLU(), results)


def test_a_network_refuses_them_without_an_engine():
    network, inputs = Sequential([ReLU(), Wrong()]), np.ones((2, 2))
    with pytest.raises(ConfigError, match="wrong_1: forward of Wrong returned one nda"):
        network.forward(inputs, training=True)
    outputs, caches = network.forward(inputs)
    with pytest.raises(ConfigError, match="wrong_1: backward of Wrong returned one nd"):
        network.backward(outputs, caches)
