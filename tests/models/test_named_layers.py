import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.initializers import he_normal
from handgrad.models.named_layers import (
    ACTIVATIONS,
    INITIALIZERS,
    LAYERS,
    POOLINGS,
    activation_row,
    each,
    initializer,
    layer_defaults,
    pooling_row,
)
from handgrad.randomness import Key

KEY = Key(0)


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS) - {"normal", "uniform"}))
def test_an_initializer_by_name(name):
    assert initializer(name) is INITIALIZERS[name]
    assert initializer({"name": name}) is INITIALIZERS[name]


@pytest.mark.parametrize(
    ("choice", "name", "number"),
    [
        ("normal:0.25", "normal", 0.25),
        ("uniform:1e-2", "uniform", 0.01),
        ({"name": "normal", "std": 0.25}, "normal", 0.25),
        ({"name": "uniform", "limit": 1}, "uniform", 1.0),
    ],
)
def test_an_initializer_with_its_number(choice, name, number):
    ours = initializer(choice)((3, 4), KEY)
    np.testing.assert_array_equal(ours, INITIALIZERS[name](number)((3, 4), KEY))


def test_a_function_is_used_as_it_is():
    assert initializer(he_normal) is he_normal


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("he_nromal", "no initializer named 'he_nromal'. Did you mean 'he_normal'"),
        ("normal", "initializer normal takes std, got 'normal'. Write it as 'normal:0"),
        ("he_normal:0.1", "he_normal takes no number, got 'he_normal:0.1'"),
        ("normal:wide", "normal takes std as a number, got 'wide'"),
        ("normal:", "normal takes std as a number, got ''"),
        ("normal:-1", "normal takes std of at least 0, got -1"),
        ("normal:nan", "normal takes std of at least 0, got nan"),
        ({"name": "normal", "sdt": 1}, "no option of normal named 'sdt'.*'std'"),
        ({"name": "normal", "std": 1, "limit": 2}, "normal takes std, got {"),
        ({"std": 1}, "An initializer is selected by name, got None"),
        (3, "An initializer is selected by name, got 3"),
    ],
)
def test_an_invalid_initializer_is_refused(choice, words):
    with pytest.raises(ConfigError, match=words):
        initializer(choice)


def test_every_activation_is_a_layer_that_needs_no_options():
    for name, make in ACTIVATIONS.items():
        assert make().output_shape((2, 3)) == (2, 3)
        assert LAYERS[activation_row(name)["name"]] is make


def test_every_pooling_is_a_layer():
    assert set(POOLINGS.values()) <= set(LAYERS)
    assert pooling_row("average", 3) == {"name": "average_pool2d", "kernel_size": 3}


def test_each_repeats_one_value_and_keeps_a_list():
    assert each("who", "what", "relu", 2) == ["relu", "relu"]
    assert each("who", "what", (1, 2), 2) == [1, 2]
    with pytest.raises(ConfigError, match=r"who takes what .* got 1: \[1\]"):
        each("who", "what", [1], 2)


def test_options_that_must_be_given_have_no_default():
    assert layer_defaults("conv2d")["out_channels"] is None
    assert layer_defaults("conv2d")["stride"] == 1
    assert layer_defaults("relu") == {}
