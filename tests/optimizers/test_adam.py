import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.optimizers import Adam
from handgrad.parameter import Parameter

from .rules import assert_same_path, path, torch_path


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.75)])
def test_equals_torch(betas, weight_decay):
    settings = {"weight_decay": weight_decay}
    ours, _, _ = path(Adam(0.01, beta1=betas[0], beta2=betas[1], **settings))
    assert_same_path(
        ours, torch_path(torch.optim.Adam, lr=0.01, betas=betas, **settings)
    )


def test_the_first_step_has_the_length_of_the_learning_rate():
    # after one step the unbiased means are the gradient and its square
    parameter = Parameter(np.array([1.0, 1.0]))
    optimizer = Adam(0.25, eps=1e-12)
    state = optimizer.initial_state(parameter)
    optimizer.update(parameter, np.array([1e-3, -1e3]), state, 1)
    np.testing.assert_allclose(parameter.value, [0.75, 1.25], rtol=1e-8)


def test_known_values():
    parameter = Parameter(np.array([1.0]))
    optimizer = Adam(1.0, beta1=0.5, beta2=0.75, eps=1e-12)
    state = optimizer.initial_state(parameter)
    for step, gradient in [(1, 4.0), (2, 0.0)]:
        optimizer.update(parameter, np.array([gradient]), state, step)
    # mean 2 then 1, unbiased 1 / 0.75; square 4 then 3, unbiased 3 / 0.4375
    expected = 1.0 - 1.0 - (1 / 0.75) / np.sqrt(3 / 0.4375)
    assert parameter.value == pytest.approx(expected, abs=1e-10)


def test_the_known_values_of_report_003():
    # first entry: mean 0.9 * 0.6 - 0.1 * 0.6 = 0.48, square 0.999 * 0.7 + 0.001 * 0.36
    # = 0.69966; at step 6 divided by 1 - 0.9**6 and 1 - 0.999**6
    parameter = Parameter(np.linspace(-0.4, 0.6, 20))
    state = {
        "mean": np.linspace(0.6, 0.9, 20),
        "mean_square": np.linspace(0.7, 0.5, 20),
    }
    Adam(1e-2).update(parameter, np.linspace(-0.6, 0.4, 20), state, 6)
    assert state["mean"][0] == pytest.approx(0.48, abs=1e-12)
    assert state["mean_square"][0] == pytest.approx(0.69966, abs=1e-12)
    assert parameter.value[0] == pytest.approx(-0.40094747, abs=1e-8)


def test_returns_new_arrays_and_does_not_modify_the_old():
    value, gradient = np.ones(3), np.ones(3)
    parameter = Parameter(value)
    optimizer = Adam(0.1, weight_decay=0.1)
    state = optimizer.initial_state(parameter)
    before = dict(state)
    optimizer.update(parameter, gradient, state, 1)
    assert np.all(value == 1)
    assert np.all(gradient == 1)
    assert all(np.all(array == 0) for array in before.values())
    assert sorted(state) == ["mean", "mean_square"]


def test_float32_stays_float32():
    _, parameter, state = path(Adam(0.1, weight_decay=0.1), dtype=np.float32)
    arrays = [parameter.value, *state.values()]
    assert all(array.dtype == np.float32 for array in arrays)


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    optimizer = Adam(0.01, weight_decay=0.1)
    assert_same_path(path(optimizer, xp)[0], path(optimizer)[0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"beta1": 1.0}, "beta1 from 0"),
        ({"beta2": -0.1}, "beta2 from 0"),
        ({"eps": 0.0}, "eps above 0"),
        ({"weight_decay": -1.0}, "weight_decay of at least 0"),
    ],
)
def test_invalid_settings_are_refused(settings, words):
    with pytest.raises(ConfigError, match=f"Adam takes .*{words}"):
        Adam(0.1, **settings)


def test_repr():
    text = "Adam(beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.5)"
    assert repr(Adam(0.1, weight_decay=0.5)) == text
