from inspect import unwrap

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.errors import ConfigError, ShapeError
from handgrad.layers.batch_norm1d import BatchNorm1d
from handgrad.layers.dropout import Dropout
from handgrad.layers.flatten import Flatten
from handgrad.layers.leaky_relu import LeakyReLU
from handgrad.layers.linear import Linear
from handgrad.layers.max_pool2d import MaxPool2d
from handgrad.layers.relu import ReLU
from handgrad.layers.sequential import Sequential, name_layers, snake_case
from handgrad.layers.tanh import Tanh
from handgrad.randomness import Key

from .images import (
    OTHER_LIBRARIES,
    assert_equals_autograd,
    assert_keeps_what_it_is_given,
    assert_same_in,
    assert_slope,
    in_float64,
)

KEY = Key(0).child("test")


def network(depth=2, width=4):
    """Alternating linear and tanh layers; three features in, two out."""
    layers, size = [], 3
    for n in range(depth):
        layers += [Linear(size, width, key=KEY.child(str(n))), Tanh()]
        size = width
    return in_float64(Sequential([*layers, Linear(size, 2, key=KEY)]))


def inputs_of(seed, batch):
    return np.random.default_rng(seed).normal(size=(batch, 3))


CASES = given(
    seed=st.integers(0, 999), batch=st.integers(1, 5), depth=st.integers(0, 3)
)


@CASES
def test_equals_autograd(seed, batch, depth):
    def function(x, parameters):
        for n in range(1, depth + 2):
            names = (f"linear_{n}.weight", f"linear_{n}.bias")
            x = torch.nn.functional.linear(x, *(parameters[name] for name in names))
            x = torch.tanh(x) if n <= depth else x
        return x

    assert_equals_autograd(network(depth), inputs_of(seed, batch), function)


@settings(max_examples=20)
@CASES
def test_gradient_by_random_projection(seed, batch, depth):
    assert_slope(network(depth), inputs_of(seed, batch))


@CASES
def test_applies_its_layers_in_order(seed, batch, depth):
    """Outputs, caches and gradients are identical to those of the layers one by one."""
    model, inputs = network(depth), inputs_of(seed, batch)
    outputs, caches = model.forward(inputs)
    d_inputs, gradients = model.backward(outputs, caches)
    value, kept = inputs, {}
    for name, layer in model.layers.items():
        value, kept[name] = layer.forward(value)
    np.testing.assert_array_equal(outputs, value)
    expected = {}
    for name in reversed(model.layers):
        value, own = model.layers[name].backward(value, kept[name])
        expected |= {f"{name}.{key}": gradient for key, gradient in own.items()}
    np.testing.assert_array_equal(d_inputs, value)
    assert gradients.keys() == expected.keys() == model.parameters().keys()
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, expected[name])


@settings(max_examples=10)
@CASES
@pytest.mark.parametrize("xp", OTHER_LIBRARIES)
def test_other_array_libraries_give_the_same(xp, seed, batch, depth):
    assert_same_in(xp, network(depth), inputs_of(seed, batch))


def test_arguments_are_not_modified():
    assert_keeps_what_it_is_given(network(), inputs_of(0, 4))


def test_names_parameters_and_buffers_after_their_layers():
    layers = [Linear(3, 4, key=KEY), BatchNorm1d(4), ReLU(), Linear(4, 2, key=KEY)]
    model = Sequential(layers)
    assert list(model.layers) == ["linear_1", "batch_norm1d_1", "relu_1", "linear_2"]
    assert list(model.parameters()) == [
        "linear_1.weight",
        "linear_1.bias",
        "batch_norm1d_1.weight",
        "batch_norm1d_1.bias",
        "linear_2.weight",
        "linear_2.bias",
    ]
    assert list(model.buffers()) == [
        "batch_norm1d_1.running_mean",
        "batch_norm1d_1.running_var",
    ]
    assert model.parameters()["linear_2.weight"] is layers[3].weight


def test_layers_are_named_as_their_files_and_counted_by_kind():
    layers = [Tanh(), ReLU(), Tanh(), LeakyReLU(), MaxPool2d(2)]
    names = ["tanh_1", "relu_1", "tanh_2", "leaky_relu_1", "max_pool2d_1"]
    assert list(name_layers(layers)) == names
    assert [snake_case(name) for name in ("GELU", "AveragePool2d")] == [
        "gelu",
        "average_pool2d",
    ]


def test_nested_layers_have_nested_names():
    model = Sequential([Sequential([Linear(3, 2, key=KEY)])])
    names = ["sequential_1.linear_1.weight", "sequential_1.linear_1.bias"]
    assert list(model.parameters()) == names
    outputs, caches = model.forward(inputs_of(0, 2))
    assert list(model.backward(outputs, caches)[1]) == names


def test_every_layer_has_its_own_key():
    model = Sequential([Dropout(0.5), Dropout(0.5)])
    key, inputs = KEY.at(3, np.array([5, 6])), np.ones((2, 100))
    _, (first, second) = model.forward(inputs, training=True, key=key)
    for mask, name in ((first, "dropout_1"), (second, "dropout_2")):
        own = key.child(name)
        _, expected = Dropout(0.5).forward(inputs, training=True, key=own)
        np.testing.assert_array_equal(mask, expected)
    assert np.any(first != second)


def test_training_is_passed_to_every_layer():
    model = Sequential([BatchNorm1d(3), Dropout(0.5)])
    before = model.buffers()["batch_norm1d_1.running_mean"].value
    _, caches = model.forward(inputs_of(0, 4))
    assert caches[1] is None
    assert model.buffers()["batch_norm1d_1.running_mean"].value is before
    model.forward(inputs_of(0, 4), training=True, key=KEY)
    assert model.buffers()["batch_norm1d_1.running_mean"].value is not before


def test_the_output_shape_is_that_of_the_last_layer():
    model = Sequential([MaxPool2d(2), Flatten(), Linear(12, 5, key=KEY)])
    assert model.output_shape((3, 4, 4)) == (5,)
    assert Sequential([]).output_shape((3, 4, 4)) == (3, 4, 4)


def test_an_empty_network_is_the_identity():
    inputs = inputs_of(0, 2)
    outputs, caches = Sequential([]).forward(inputs)
    np.testing.assert_array_equal(outputs, inputs)
    assert caches == []
    np.testing.assert_array_equal(Sequential([]).backward(inputs, caches)[0], inputs)


def test_the_error_names_the_layer_that_does_not_fit():
    model = Sequential([Linear(3, 4, key=KEY), ReLU(), Linear(5, 2, key=KEY)])
    message = r"^linear_2: Linear\(5, 2\) takes examples of shape \(5,\), got \(4,\)"
    with pytest.raises(ShapeError, match=message):
        model.output_shape((3,))


def test_repr():
    expected = "Sequential(\n    linear_1: Linear(3, 2)\n    relu_1: ReLU()\n)"
    assert repr(Sequential([Linear(3, 2, key=KEY), ReLU()])) == expected


def test_a_layer_without_brackets_is_refused():
    with pytest.raises(ConfigError, match=r"brackets. Write Sequential\(\[...\]\)"):
        Sequential(ReLU())


unchecked = unwrap(Sequential.forward)  # without the shape checks of these tests


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_])
def test_integers_are_refused(dtype):
    """The layers would compute with them, or end in an error of the array library."""
    with pytest.raises(ConfigError, match=r"images.astype\('float32'\) / 255"):
        unchecked(
            Sequential([Flatten(), Linear(4, 2, key=KEY)]), np.ones((3, 4), dtype)
        )
