"""Of exactly which class a thing is; what follows from that: test_subclasses."""

from handgrad.engine.network_layers import (
    exact,
    frozen_count,
    layers_of,
    trained,
    within,
)
from handgrad.layers import GELU, Linear, ReLU, Residual, Sequential, Tanh
from handgrad.losses import L2


class OwnReLU(ReLU):
    """The same, under another name."""


def test_a_thing_is_exact_unless_its_class_or_its_methods_are_its_own():
    class Own(L2):
        pass

    l2 = L2(0.1)
    assert exact(l2, (L2,)) is L2
    assert exact(Own(0.1), (L2,)) is None
    l2.penalty = lambda parameters: 0.0
    assert exact(l2, (L2,)) is None


def test_a_network_with_passes_of_its_own_is_one_layer():
    model = Sequential([ReLU(), GELU()])
    assert [name for name, _ in layers_of(model)] == ["relu_1", "gelu_1"]
    model.forward = model.forward
    assert layers_of(model) == [("", model)]
    assert [name for name, _ in layers_of(OwnReLU())] == [""]


class OwnSequential(Sequential):
    """A user's own container."""


def test_what_a_container_holds_stands_under_its_name():
    first, second = ReLU(), Tanh()
    assert within(OwnSequential([first])) == {"relu_1": first}
    assert within(Residual(first)) == {"body": first}
    assert within(Residual(first, second)) == {"body": first, "shortcut": second}
    assert within(first) == {}


def test_frozen_layers_come_before_the_first_that_is_trained():
    layers = [Tanh(), Linear(2, 2), Tanh(), Linear(2, 2), ReLU(), Linear(2, 2)]
    assert frozen_count(layers) == 0
    for place, count in ((3, 0), (1, 4), (5, 6)):
        for parameter in layers[place].parameters().values():
            parameter.learning_rate_multiplier = 0
        assert frozen_count(layers) == count
    layers[1].bias.learning_rate_multiplier = 0.5
    assert frozen_count(layers) == 0
    assert list(trained(layers[1].parameters())) == ["bias"]
