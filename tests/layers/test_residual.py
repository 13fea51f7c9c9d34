import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.errors import ShapeError
from handgrad.layers.conv2d import Conv2d
from handgrad.layers.layer import Layer
from handgrad.layers.linear import Linear
from handgrad.layers.relu import ReLU
from handgrad.layers.residual import Residual
from handgrad.layers.sequential import Sequential
from handgrad.parameter import Buffer
from handgrad.randomness import Key, uniform

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    close,
    in_float64,
)

KEY = Key(0)
SHAPES = st.tuples(*[st.integers(1, 5)] * 3)


class Noise(Layer[None]):
    """Adds a random number of its key to every value; has one buffer."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, inputs, *, training=False, key=None):
        return inputs + uniform(key, inputs.shape) if training else inputs, None

    def backward(self, d_outputs, cache, /):
        return d_outputs, {}

    def buffers(self):
        return {"seen": Buffer(np.zeros(1))}


def plain(channels=2):
    return in_float64(Residual(Conv2d(channels, channels, 3, padding=1, key=KEY)))


def with_shortcut(channels=2):
    body = Sequential(
        [
            Conv2d(channels, 3, 3, stride=2, padding=1, key=KEY.child("1")),
            ReLU(),
            Conv2d(3, 4, 3, padding=1, key=KEY.child("2")),
        ]
    )
    shortcut = Conv2d(channels, 4, 1, stride=2, key=KEY.child("3"))
    return in_float64(Residual(body, shortcut))


def images(batch, height, width, channels=2):
    return np.random.default_rng(0).normal(size=(batch, channels, height, width))


@given(shape=SHAPES)
def test_is_the_sum_of_both_branches(shape):
    inputs = images(*shape)
    one, two = plain(), with_shortcut()
    close(one.forward(inputs)[0], one.body.forward(inputs)[0] + inputs, 0)
    sides = (two.body.forward(inputs)[0], two.shortcut.forward(inputs)[0])
    close(two.forward(inputs)[0], sum(sides), 0)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES)
def test_equals_autograd_without_a_shortcut(shape):
    def function(inputs, parameters):
        weight, bias = parameters["body.weight"], parameters["body.bias"]
        return inputs + torch.nn.functional.conv2d(inputs, weight, bias, padding=1)

    assert_equals_autograd(plain(), images(*shape), function)


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES)
def test_equals_autograd_with_a_shortcut(shape):
    def convolve(inputs, parameters, name, **options):
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        return torch.nn.functional.conv2d(inputs, weight, bias, **options)

    def function(inputs, own):
        body = convolve(inputs, own, "body.conv2d_1", stride=2, padding=1)
        body = convolve(torch.relu(body), own, "body.conv2d_2", padding=1)
        return body + convolve(inputs, own, "shortcut", stride=2)

    assert_equals_autograd(with_shortcut(), images(*shape), function)


@pytest.mark.parametrize("make", [plain, with_shortcut])
def test_gradient_by_random_projection(make):
    assert_slope(make(), images(2, 5, 4), step=1e-6)


@pytest.mark.parametrize("make", [plain, with_shortcut])
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, make):
    assert_same_in(xp, make(), images(2, 5, 4))


@pytest.mark.parametrize("make", [plain, with_shortcut])
def test_arguments_are_not_modified(make):
    assert_keeps_what_it_is_given(make(), images(2, 5, 4))


def test_an_identity_body_does_not_return_its_arguments():
    assert_keeps_what_it_is_given(Residual(Noise()), images(2, 5, 4))


def test_parameters_and_gradients_are_named_after_their_branch():
    layer = with_shortcut()
    names = [
        "body.conv2d_1.weight",
        "body.conv2d_1.bias",
        "body.conv2d_2.weight",
        "body.conv2d_2.bias",
        "shortcut.weight",
        "shortcut.bias",
    ]
    assert list(layer.parameters()) == names
    assert layer.parameters()["shortcut.weight"] is layer.shortcut.weight
    outputs, cache = layer.forward(images(2, 5, 4))
    assert set(layer.backward(outputs, cache)[1]) == set(names)
    assert cache._fields == ("body", "shortcut")


def test_buffers_are_named_after_their_branch():
    assert list(Residual(Noise()).buffers()) == ["body.seen"]
    both = Residual(Noise(), Noise()).buffers()
    assert list(both) == ["body.seen", "shortcut.seen"]


def test_each_branch_has_its_own_child_key():
    inputs = np.zeros((3, 4))
    outputs, _ = Residual(Noise(), Noise()).forward(inputs, training=True, key=KEY)
    expected = uniform(KEY.child("body"), (3, 4)) + uniform(
        KEY.child("shortcut"), (3, 4)
    )
    np.testing.assert_array_equal(outputs, expected)
    calm, _ = Residual(Noise(), Noise()).forward(inputs)
    assert not np.any(calm)


def test_body_and_shortcut_must_have_equal_shapes():
    layer = Residual(Linear(8, 4, key=KEY))
    message = r"got \(4,\) from the body and \(8,\) from the shortcut\. Use a shortcut"
    with pytest.raises(ShapeError, match=message):
        layer.output_shape((8,))
    with pytest.raises(ShapeError, match=r"got \(9,\) from the body and \(8,\) from"):
        Residual(Linear(8, 9, key=KEY)).output_shape((8,))
    fits = Residual(Linear(8, 4, key=KEY), Linear(8, 4, key=KEY))
    assert fits.output_shape((8,)) == (4,)


@pytest.mark.parametrize("way", ["body", "shortcut"])
def test_the_error_names_the_branch(way):
    ways = {"body": Noise(), "shortcut": Noise(), way: Linear(8, 4, key=KEY)}
    with pytest.raises(ShapeError, match=rf"^{way}: Linear\(8, 4\) takes"):
        Residual(**ways).output_shape((7,))


def test_repr():
    inner = Linear(2, 2, key=KEY)
    assert repr(Residual(inner)) == "Residual(Linear(2, 2))"
    assert repr(Residual(inner, Linear(2, 2))) == (
        "Residual(Linear(2, 2), shortcut=Linear(2, 2))"
    )
