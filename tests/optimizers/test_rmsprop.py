import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.optimizers import RMSProp
from handgrad.parameter import Parameter

from .rules import assert_same_path, path, torch_path


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("decay", [0.9, 0.99])
def test_equals_torch(decay, weight_decay):
    ours, _, _ = path(RMSProp(0.01, decay=decay, weight_decay=weight_decay))
    theirs = torch_path(
        torch.optim.RMSprop, lr=0.01, alpha=decay, weight_decay=weight_decay
    )
    assert_same_path(ours, theirs)


def test_known_values():
    parameter = Parameter(np.array([1.0]))
    optimizer = RMSProp(0.5, decay=0.75, eps=1e-12)
    state = optimizer.initial_state(parameter)
    optimizer.update(parameter, np.array([4.0]), state, 1)
    assert state["mean_square"] == 4.0  # a quarter of 16
    assert parameter.value == pytest.approx(1.0 - 0.5 * 4 / 2, abs=1e-11)


def test_the_known_values_of_report_003():
    # first entry: mean square 0.99 * 0.6 + 0.01 * 0.36 = 0.5976,
    # weight -0.4 + 0.01 * 0.6 / sqrt(0.5976)
    parameter = Parameter(np.linspace(-0.4, 0.6, 20))
    state = {"mean_square": np.linspace(0.6, 0.9, 20)}
    RMSProp(1e-2).update(parameter, np.linspace(-0.6, 0.4, 20), state, 1)
    assert state["mean_square"][0] == pytest.approx(0.5976, abs=1e-12)
    assert parameter.value[0] == pytest.approx(-0.39223849, abs=1e-8)


def test_returns_new_arrays_and_does_not_modify_the_old():
    value, gradient = np.ones(3), np.ones(3)
    parameter = Parameter(value)
    optimizer = RMSProp(0.1, weight_decay=0.1)
    state = optimizer.initial_state(parameter)
    mean_square = state["mean_square"]
    optimizer.update(parameter, gradient, state, 1)
    assert np.all(value == 1)
    assert np.all(gradient == 1)
    assert np.all(mean_square == 0)


def test_float32_stays_float32():
    _, parameter, state = path(RMSProp(0.1, weight_decay=0.1), dtype=np.float32)
    assert parameter.value.dtype == state["mean_square"].dtype == np.float32


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    optimizer = RMSProp(0.01, weight_decay=0.1)
    assert_same_path(path(optimizer, xp)[0], path(optimizer)[0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"decay": 1.0}, "decay from 0"),
        ({"eps": 0.0}, "eps above 0"),
        ({"weight_decay": -1.0}, "weight_decay of at least 0"),
    ],
)
def test_invalid_settings_are_refused(settings, words):
    with pytest.raises(ConfigError, match=f"RMSProp takes .*{words}"):
        RMSProp(0.1, **settings)


def test_repr():
    text = "RMSProp(decay=0.99, eps=1e-08, weight_decay=0)"
    assert repr(RMSProp(0.1)) == text
