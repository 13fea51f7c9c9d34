import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.optimizers import Muon
from handgrad.optimizers.orthogonalize import orthogonalize
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay

from .rules import STEPS, assert_same_path, path, start_and_gradients, torch_path


def by_definition(shape, *, rate, momentum, decay, seed=0):
    """The parameter after each step, by the equations of the docstring."""
    value, gradients = start_and_gradients(seed, shape)
    velocity, values = np.zeros(shape), []
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        matrix = (gradient + momentum * velocity).reshape(
            (shape[0], -1) if len(shape) > 1 else (1, -1)
        )
        if len(shape) > 1:
            value = value * (1 - rate * decay)
        move = orthogonalize(matrix).reshape(shape)
        value = value - rate * 0.2 * np.sqrt(max(matrix.shape)) * move
        values.append(value)
    return values


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (6, 2, 3, 3), (5,), (1,), (3, 1)])
def test_equals_the_definition(shape):
    start, gradients = start_and_gradients(0, shape)
    parameter, found = Parameter(start), []
    optimizer = Muon(0.1, momentum=0.8, weight_decay=0.5)
    state = optimizer.initial_state(parameter)
    for step, gradient in enumerate(gradients, 1):
        optimizer.update(parameter, gradient, state, step)
        found.append(parameter.value)
    assert len(found) == STEPS
    assert_same_path(found, by_definition(shape, rate=0.1, momentum=0.8, decay=0.5))


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_is_close_to_torch_which_iterates_in_bfloat16(weight_decay):
    settings = {"momentum": 0.9, "weight_decay": weight_decay}
    theirs = torch_path(
        torch.optim.Muon, lr=0.1, adjust_lr_fn="match_rms_adamw", **settings
    )
    for mine, other in zip(path(Muon(0.1, **settings))[0], theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=0.02)


def test_the_size_of_an_update_does_not_depend_on_that_of_the_gradient():
    moved = []
    for scale in (1e-3, 1.0, 1e3):
        parameter = Parameter(np.zeros((4, 6)))
        optimizer = Muon(0.5)
        gradient = scale * np.random.default_rng(0).normal(size=(4, 6))
        optimizer.update(parameter, gradient, optimizer.initial_state(parameter), 1)
        moved.append(parameter.value)
    np.testing.assert_allclose(moved[0], moved[1], rtol=0, atol=1e-4)
    np.testing.assert_allclose(moved[2], moved[1], rtol=0, atol=1e-4)
    assert np.sqrt(np.mean(moved[1] ** 2)) == pytest.approx(0.1, rel=0.3)


def test_a_bias_keeps_its_size_where_a_weight_decays():
    for shape, decays in (((2, 3), True), ((3,), False)):
        parameter = Parameter(np.full(shape, 2.0))
        optimizer = Muon(0.5, weight_decay=0.5)
        state = optimizer.initial_state(parameter)
        optimizer.update(parameter, np.zeros(shape), state, 1)
        assert np.all(parameter.value == (1.5 if decays else 2.0))


def test_the_decay_follows_the_schedule():
    rates = step_decay(0.5, every=1, factor=0.1)
    parameter, optimizer = Parameter(np.full((2, 2), 2.0)), Muon(rates)
    optimizer.weight_decay = 1.0
    state = optimizer.initial_state(parameter)
    for step, expected in [(1, 1.0), (2, 0.95)]:
        optimizer.update(parameter, np.zeros((2, 2)), state, step)
        np.testing.assert_allclose(parameter.value, expected)


def test_returns_new_arrays_and_does_not_modify_the_old():
    value, gradient = np.ones((2, 3)), np.ones((2, 3))
    parameter = Parameter(value)
    optimizer = Muon(0.1)
    state = optimizer.initial_state(parameter)
    before = state["velocity"]
    optimizer.update(parameter, gradient, state, 1)
    assert np.all(value == 1)
    assert np.all(gradient == 1)
    assert np.all(before == 0)
    assert list(state) == ["velocity"]


def test_float32_stays_float32():
    _, parameter, state = path(Muon(0.1), dtype=np.float32)
    assert parameter.value.dtype == state["velocity"].dtype == np.float32


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    assert_same_path(path(Muon(0.01), xp)[0], path(Muon(0.01))[0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"momentum": 1.0}, "momentum from 0"),
        ({"weight_decay": -1.0}, "weight_decay of at least 0"),
    ],
)
def test_invalid_settings_are_refused(settings, words):
    with pytest.raises(ConfigError, match=f"Muon takes .*{words}"):
        Muon(0.1, **settings)


def test_repr():
    assert repr(Muon(0.1)) == "Muon(momentum=0.9, weight_decay=0.1)"
