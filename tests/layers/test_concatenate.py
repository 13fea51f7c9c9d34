import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import Conv2d, Linear, ReLU, Sequential
from handgrad.layers.concatenate import Concatenate
from handgrad.randomness import Key

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    in_float64,
)

KEY = Key(0)


def three_branches():
    parts = [
        Conv2d(2, 3, 3, padding=1, key=KEY.child("1")),
        Sequential([]),
        Sequential([Conv2d(2, 1, 1, key=KEY.child("2")), ReLU()]),
    ]
    return in_float64(Concatenate(parts))


def images():
    return np.random.default_rng(0).normal(size=(3, 2, 4, 3))


def test_equals_autograd():
    def function(inputs, parameters):
        conv, values = torch.nn.functional.conv2d, list(parameters.values())
        wide, narrow = conv(inputs, *values[:2], padding=1), conv(inputs, *values[2:])
        return torch.cat([wide, inputs, torch.relu(narrow)], dim=1)

    assert_equals_autograd(three_branches(), images(), function)
    assert_slope(three_branches(), images())


def test_arrays_of_any_library_are_left_as_they_are():
    for xp in OTHER_LIBRARIES:
        assert_same_in(xp, three_branches(), images())
    assert_keeps_what_it_is_given(three_branches(), images())


def test_vectors_are_concatenated_along_their_features():
    layer = Concatenate([Linear(3, 2, key=KEY), Sequential([])])
    inputs = np.ones((4, 3), dtype=np.float32)
    outputs, _ = layer.forward(inputs)
    assert layer.output_shape((3,)) == (5,)
    np.testing.assert_array_equal(outputs[:, 2:], inputs)


def test_branches_of_different_sizes_are_refused():
    layer = Concatenate([Conv2d(2, 3, 3), Conv2d(2, 3, 1)])
    with pytest.raises(ShapeError, match=r"got \(3, 2, 1\), \(3, 4, 3\)\. Give"):
        layer.output_shape((2, 4, 3))
    with pytest.raises(ShapeError, match="branch_1: "):
        layer.output_shape((1, 4, 3))


@pytest.mark.parametrize("branches", [[], 3, {}, None])
def test_anything_but_a_list_of_layers_is_refused(branches):
    with pytest.raises(ConfigError, match="Concatenate takes branches as a list"):
        Concatenate(branches)


def test_a_layer_occurs_once():
    layer = Linear(2, 2)
    with pytest.raises(ConfigError, match="the same parameter"):
        Concatenate([layer, layer])
    with pytest.raises(ConfigError, match="A Concatenate takes layers"):
        Concatenate([ReLU])


def test_repr():
    layer = Concatenate([ReLU(), Linear(2, 3)])
    assert repr(layer) == "Concatenate([ReLU(), Linear(2, 3)])"
    assert list(Sequential([layer]).layers) == ["concatenate_1"]
