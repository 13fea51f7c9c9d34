import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers import (
    Conv2d,
    Flatten,
    GlobalAveragePool2d,
    Linear,
    ReLU,
    Sequential,
    Sigmoid,
)
from handgrad.layers.multiply import Multiply
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


def squeeze_and_excitation():
    gate = [
        GlobalAveragePool2d(),
        Linear(4, 2, key=KEY.child("1")),
        ReLU(),
        Linear(2, 4, key=KEY.child("2")),
        Sigmoid(),
    ]
    return in_float64(Multiply(Sequential(gate)))


def two_convolutions():
    shortcut = Conv2d(4, 2, 1, key=KEY.child("1"))
    return in_float64(Multiply(Conv2d(4, 2, 1, key=KEY.child("2")), shortcut))


def images():
    return np.random.default_rng(0).normal(size=(3, 4, 3, 2))


def test_squeeze_and_excitation_equals_autograd():
    def function(inputs, parameters):
        linear, values = torch.nn.functional.linear, list(parameters.values())
        hidden = torch.relu(linear(inputs.mean((2, 3)), *values[:2]))
        return inputs * torch.sigmoid(linear(hidden, *values[2:]))[:, :, None, None]

    assert_equals_autograd(squeeze_and_excitation(), images(), function)
    assert_slope(squeeze_and_excitation(), images())


def test_two_branches_equal_autograd():
    def function(inputs, parameters):
        conv, values = torch.nn.functional.conv2d, list(parameters.values())
        return conv(inputs, *values[:2]) * conv(inputs, *values[2:])

    assert_equals_autograd(two_convolutions(), images(), function)
    assert_slope(two_convolutions(), images())


@pytest.mark.parametrize("make", [squeeze_and_excitation, two_convolutions])
def test_arrays_of_any_library_are_left_as_they_are(make):
    for xp in OTHER_LIBRARIES:
        assert_same_in(xp, make(), images())
    assert_keeps_what_it_is_given(make(), images())


def test_branches_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="one number for each channel, got"):
        Multiply(Sequential([GlobalAveragePool2d(), Linear(4, 3)])).output_shape(
            (4, 3, 2)
        )
    with pytest.raises(ShapeError, match=r"got \(24,\) from the body"):
        Multiply(Flatten()).output_shape((4, 3, 2))
    with pytest.raises(ConfigError, match="A Multiply takes layers, got 3"):
        Multiply(3)


def test_repr():
    assert repr(Multiply(ReLU(), Sigmoid())) == "Multiply(ReLU(), shortcut=Sigmoid())"
    assert list(Sequential([Multiply(ReLU())]).layers) == ["multiply_1"]
