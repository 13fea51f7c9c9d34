from copy import deepcopy
from itertools import combinations
from pickle import dumps, loads

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.initializers import normal, zeros
from handgrad.layers import Conv2d, Flatten, Linear, ReLU, Residual, Sequential
from handgrad.layers.initial_keys import choose_keys
from handgrad.models import from_layers
from handgrad.randomness import Key


def weights_of(network):
    return [p.value for n, p in network.parameters().items() if n.endswith("weight")]


def assert_all_differ(network):
    for one, other in combinations(weights_of(network), 2):
        size = min(one.size, other.size)
        assert not np.array_equal(one.reshape(-1)[:size], other.reshape(-1)[:size])


def nested(make):
    """Equal square layers in every kind of position."""
    body = Sequential([make(), ReLU(), make()])
    return Sequential([make(), Residual(body, make()), Sequential([make()]), make()])


@pytest.mark.parametrize("key", [None, Key(0), Key(7).child("x")])
def test_no_two_layers_of_a_network_start_equal(key):
    network = nested(lambda: Linear(6, 6, key=key))
    assert len(weights_of(network)) == 6
    assert_all_differ(network)


def test_layers_of_different_sizes_do_not_share_draws_either():
    network = Sequential([Linear(6, 6, key=Key(0)), Linear(6, 3, key=Key(0))])
    assert_all_differ(network)


def test_the_first_layer_with_a_key_keeps_the_draws_of_that_key():
    alone = Linear(6, 6, key=Key(3)).weight.value
    network = Sequential([Linear(6, 6, key=Key(3)), Linear(6, 6, key=Key(3))])
    assert np.array_equal(weights_of(network)[0], alone)


def test_without_keys_the_weights_are_those_of_seed_0_by_name():
    rows = [
        {"name": "conv2d", "out_channels": 2, "kernel_size": 3, "padding": 1},
        {"name": "residual", "body": [
            {"name": "conv2d", "out_channels": 2, "kernel_size": 1}]},
        {"name": "flatten"},
        {"name": "linear", "out_features": 3},
    ]  # fmt: skip
    by_name = from_layers(layers=rows, input_shape=(1, 4, 4), classes=3)
    by_hand = Sequential(
        [
            Conv2d(1, 2, 3, padding=1),
            Residual(Sequential([Conv2d(2, 2, 1)])),
            Flatten(),
            Linear(32, 3),
        ]
    )
    for one, other in zip(weights_of(by_name), weights_of(by_hand), strict=True):
        assert np.array_equal(one, other)


def test_initialization_is_reproducible():
    once, again = (nested(lambda: Linear(6, 6)) for _ in range(2))
    for one, other in zip(weights_of(once), weights_of(again), strict=True):
        assert np.array_equal(one, other)


def test_values_already_read_or_set_are_kept():
    read, given, changed = Linear(4, 4, key=Key(0)), Linear(4, 4), Linear(4, 4)
    before = read.weight.value.copy()
    given.weight.value = np.full((4, 4), 2, dtype=np.float32)
    changed.weight.value[...] = 5
    network = Sequential([Linear(4, 4, key=Key(0)), read, given, changed])
    first, second, third, fourth = weights_of(network)
    assert np.array_equal(second, before)
    assert not np.array_equal(first, before)
    assert (third == 2).all()
    assert (fourth == 5).all()


def test_equal_weights_that_were_read_before_are_refused_by_name():
    layers = [Linear(4, 4, key=Key(0)) for _ in range(2)]
    for layer in layers:
        assert layer.weight.value.shape == (4, 4)
    with pytest.raises(ConfigError, match=r"linear_1\.weight and linear_2\.weight"):
        Sequential(layers)


@pytest.mark.parametrize("initializer", [zeros, normal(0.5)])
def test_deliberately_equal_weights_are_allowed(initializer):
    layers = [Linear(4, 4, initializer=initializer) for _ in range(2)]
    for layer in layers:
        layer.weight.value = np.ones((4, 4), dtype=np.float32)
    Sequential(layers)
    Sequential([Linear(4, 4, key=Key(0), initializer=zeros) for _ in range(2)])


TWICE = [
    lambda one: Sequential([one, ReLU(), one]),
    lambda one: Residual(one, one),
    lambda one: Sequential([one, Residual(one)]),
]


@pytest.mark.parametrize("make", TWICE)
def test_a_layer_that_occurs_twice_is_refused(make):
    with pytest.raises(ConfigError, match=r"same parameter.*a separate layer for each"):
        make(Linear(4, 4))


def test_a_layer_without_parameters_may_occur_twice():
    relu = ReLU()
    assert len(Sequential([relu, Linear(2, 2), relu]).layers) == 3


def test_another_seed_gives_other_keys_to_undrawn_parameters():
    seeds = [Sequential([Linear(4, 4)]) for _ in range(2)]
    choose_keys(seeds[1].parameters(), Key(1).child("initialization"))
    one, other = (weights_of(network)[0] for network in seeds)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("copy", [deepcopy, lambda layer: loads(dumps(layer))])
def test_a_copy_draws_the_same(copy):
    network = Sequential([Linear(4, 4), Linear(4, 4)])
    copied = copy(network)
    for one, other in zip(weights_of(network), weights_of(copied), strict=True):
        assert np.array_equal(one, other)
        assert one is not other


def test_a_deep_copy_still_takes_a_key():
    network = Sequential([Linear(4, 4, initializer=normal(1.0))])
    assert not deepcopy(network).parameters()["linear_1.weight"].is_drawn


def test_an_array_in_place_of_a_parameter_is_refused():
    layer = Linear(3, 3)
    layer.parameters = lambda: {"weight": np.zeros((3, 3), np.float32)}
    with pytest.raises(ConfigError, match=r"^linear_1\.weight .* got one ndarray"):
        Sequential([layer])


def test_equal_weights_that_were_assigned_are_allowed():
    first, second = Linear(4, 4, key=Key(0)), Linear(4, 4, key=Key(0))
    second.weight.value = first.weight.value.copy()
    network = Sequential([first, second])
    np.testing.assert_array_equal(*weights_of(network))
