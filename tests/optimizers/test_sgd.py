import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.optimizers import SGD
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay

from .rules import assert_same_path, path, start_and_gradients, torch_path

SETTINGS = [
    {},
    {"weight_decay": 0.1},
    {"momentum": 0.9},
    {"momentum": 0.9, "weight_decay": 0.1},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_equals_torch(settings):
    ours, _, _ = path(SGD(0.1, **settings))
    assert_same_path(ours, torch_path(torch.optim.SGD, lr=0.1, **settings))


def test_the_form_with_the_learning_rate_in_the_velocity_is_equivalent():
    start, gradients = start_and_gradients()
    value, velocity = start, np.zeros_like(start)
    theirs = []
    for gradient in gradients:
        velocity = 0.9 * velocity - 0.1 * gradient
        value = value + velocity
        theirs.append(value)
    assert_same_path(path(SGD(0.1, momentum=0.9))[0], theirs)


def test_known_values():
    parameter = Parameter(np.array([1.0]))
    optimizer = SGD(0.5, momentum=0.5)
    state = optimizer.initial_state(parameter)
    for step, expected in [(1, 0.0), (2, -1.5), (3, -3.25)]:  # velocity 2, 3, 3.5
        optimizer.update(parameter, np.array([2.0]), state, step)
        assert parameter.value == expected


def test_the_known_values_of_report_003():
    # its form: velocity = 0.9 * velocity - 0.001 * gradient, added to the weight;
    # first entry 0.9 * 0.6 + 0.001 * 0.6 = 0.5406, last 0.9 * 0.9 - 0.0004 = 0.8096
    parameter = Parameter(np.linspace(-0.4, 0.6, 20))
    state = {"velocity": -np.linspace(0.6, 0.9, 20) / 1e-3}
    gradient = np.linspace(-0.6, 0.4, 20)
    SGD(1e-3, momentum=0.9).update(parameter, gradient, state, 1)
    velocity = -1e-3 * state["velocity"]
    np.testing.assert_allclose(velocity[[0, -1]], [0.5406, 0.8096], atol=1e-12)
    np.testing.assert_allclose(parameter.value[[0, -1]], [0.1406, 1.4096], atol=1e-12)


def test_follows_its_schedule():
    parameter = Parameter(np.array([1.0]))
    optimizer = SGD(step_decay(0.5, every=1, factor=0.5))
    for step, expected in [(1, 0.5), (2, 0.25), (3, 0.125)]:
        optimizer.update(parameter, np.array([1.0]), {}, step)
        assert parameter.value == expected


def test_returns_new_arrays_and_does_not_modify_the_old():
    value, gradient = np.ones(3), np.ones(3)
    parameter = Parameter(value)
    optimizer = SGD(0.1, momentum=0.9, weight_decay=0.1)
    state = optimizer.initial_state(parameter)
    velocity = state["velocity"]
    optimizer.update(parameter, gradient, state, 1)
    assert np.all(value == 1)
    assert np.all(gradient == 1)
    assert np.all(velocity == 0)
    assert not np.any(parameter.value == 1)


@pytest.mark.parametrize("settings", SETTINGS)
def test_float32_stays_float32(settings):
    _, parameter, state = path(SGD(0.1, **settings), dtype=np.float32)
    arrays = [parameter.value, *state.values()]
    assert all(array.dtype == np.float32 for array in arrays)


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    optimizer = SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
    assert_same_path(path(optimizer, xp)[0], path(optimizer)[0])


def test_the_state_is_empty_without_momentum():
    assert SGD(0.1).initial_state(Parameter(np.ones(2))) == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"learning_rate": -0.1}, "learning_rate of at least 0"),
        ({"learning_rate": 0.1, "momentum": 1.0}, "momentum from 0"),
        ({"learning_rate": 0.1, "weight_decay": -1.0}, "weight_decay of at least 0"),
        ({"learning_rate": 0.1, "nesterov": True}, "nesterov takes momentum above"),
    ],
)
def test_invalid_settings_are_refused(settings, words):
    with pytest.raises(ConfigError, match=f"SGD .*{words}"):
        SGD(**settings)


def test_repr():
    text = "SGD(momentum=0.9, nesterov=True, weight_decay=0)"
    assert repr(SGD(0.1, momentum=0.9, nesterov=True)) == text


@pytest.mark.parametrize("wrong", ["false", 1.5, None, np.nan])
def test_nesterov_is_a_boolean(wrong):
    with pytest.raises(ConfigError, match="nesterov"):
        SGD(0.1, momentum=0.9, nesterov=wrong)
    optimizer = SGD(0.1, momentum=0.9)
    with pytest.raises(ConfigError, match="nesterov"):
        optimizer.nesterov = wrong
    assert not optimizer.nesterov
