"""What runs by kernels is decided by exact type; the rest: test_subclasses."""

import pytest

from handgrad.engine.known import (
    KNOWN,
    LARGEST_WINDOW,
    exact,
    is_known_as,
    known,
    layers_of,
)
from handgrad.layers import GELU, LeakyReLU, MaxPool2d, ReLU, Sequential, Softmax
from handgrad.losses import L2

from .altered import LAYER_CLASSES

WITHOUT_KERNELS = {"Sequential", "Softmax"}


class OwnReLU(ReLU):
    """The same, under another name."""


def test_every_public_layer_is_known_or_named_here():
    assert {kind.__name__ for kind in KNOWN} == set(LAYER_CLASSES) - WITHOUT_KERNELS


@pytest.mark.parametrize("layer", [ReLU(), GELU("tanh"), LeakyReLU(0.1), MaxPool2d(15)])
def test_a_layer_is_known_as_its_class(layer):
    assert known(layer) is type(layer)
    assert is_known_as(layer, type(layer))
    assert not is_known_as(layer, Softmax)


@pytest.mark.parametrize(
    "layer",
    [
        *(OwnReLU(), Softmax(), LeakyReLU(0.0), Sequential([]), None),
        MaxPool2d((LARGEST_WINDOW + 1, 1)),
    ],
)
def test_a_subclass_and_settings_that_kernels_cannot_do_are_not_known(layer):
    assert known(layer) is None
    assert not is_known_as(layer, type(layer))


@pytest.mark.parametrize("name", ["forward", "backward", "parameters", "output_shape"])
def test_an_object_with_a_method_of_its_own_is_not_known(name):
    layer = ReLU()
    setattr(layer, name, getattr(layer, name))
    assert known(layer) is None
    layer = ReLU()
    layer.note = "an attribute that the class does not have changes nothing"
    assert known(layer) is ReLU


def test_any_other_thing_is_exact_by_the_same_rule():
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
