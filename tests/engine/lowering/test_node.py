from handgrad.engine.lowering.node import Node, Part
from handgrad.engine.lowering.table import PLAIN, TABLE
from handgrad.layers import ReLU, Softmax, Tanh


def test_a_part_is_an_activation_or_none():
    assert Part("relu_1", ReLU(), TABLE[ReLU]).activation is not None
    assert Part("softmax_1", Softmax(), PLAIN).activation is None


def test_a_network_with_passes_of_its_own_is_shown_too():
    assert str(Node("", Tanh(), PLAIN)) == "the network"
