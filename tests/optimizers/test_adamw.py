import array_api_strict
import numpy as np
import pytest
import torch

from handgrad.errors import ConfigError
from handgrad.optimizers import AdamW
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay

from .rules import assert_same_path, path, start_and_gradients, torch_path


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.75)])
def test_equals_torch(betas, weight_decay):
    settings = {"weight_decay": weight_decay}
    ours, _, _ = path(AdamW(0.01, beta1=betas[0], beta2=betas[1], **settings))
    assert_same_path(
        ours, torch_path(torch.optim.AdamW, lr=0.01, betas=betas, **settings)
    )


def test_decays_a_parameter_whose_gradient_is_zero():
    parameter = Parameter(np.array([2.0]))
    optimizer = AdamW(0.5, weight_decay=0.5)
    state = optimizer.initial_state(parameter)
    for step, expected in [(1, 1.5), (2, 1.125)]:
        optimizer.update(parameter, np.array([0.0]), state, step)
        assert parameter.value == expected


def test_the_decay_follows_the_schedule():
    """As in torch, the decay is scaled by the learning rate of the step."""
    rates = step_decay(0.01, every=2, factor=0.1)
    ours, _, _ = path(AdamW(rates, weight_decay=0.5))
    start, gradients = start_and_gradients()
    parameter = torch.tensor(start, requires_grad=True)
    theirs = torch.optim.AdamW([parameter], lr=1.0, weight_decay=0.5)
    follow = torch.optim.lr_scheduler.LambdaLR(theirs, lambda done: rates(done + 1))
    values = []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        theirs.step()
        follow.step()
        values.append(parameter.detach().numpy().copy())
    assert_same_path(ours, values)


def test_at_a_rate_of_zero_nothing_decays():
    ours, _, _ = path(AdamW(0.0, weight_decay=0.5))
    assert_same_path(ours, [start_and_gradients()[0]] * len(ours))


def test_the_decay_is_not_rescaled_with_the_gradient():
    moved = []
    for gradient in (1e-3, 1e3):
        parameter = Parameter(np.array([2.0]))
        optimizer = AdamW(0.5, weight_decay=0.5, eps=1e-12)
        state = optimizer.initial_state(parameter)
        optimizer.update(parameter, np.array([gradient]), state, 1)
        moved.append(float(parameter.value[0]))
    assert moved == pytest.approx([1.0, 1.0], abs=1e-8)


def test_returns_new_arrays_and_does_not_modify_the_old():
    value, gradient = np.ones(3), np.ones(3)
    parameter = Parameter(value)
    optimizer = AdamW(0.1, weight_decay=0.1)
    state = optimizer.initial_state(parameter)
    before = dict(state)
    optimizer.update(parameter, gradient, state, 1)
    assert np.all(value == 1)
    assert np.all(gradient == 1)
    assert all(np.all(array == 0) for array in before.values())
    assert sorted(state) == ["mean", "mean_square"]


def test_float32_stays_float32():
    _, parameter, state = path(AdamW(0.1, weight_decay=0.1), dtype=np.float32)
    arrays = [parameter.value, *state.values()]
    assert all(array.dtype == np.float32 for array in arrays)


@pytest.mark.parametrize("xp", [torch, array_api_strict])
def test_other_array_libraries_give_the_same(xp):
    optimizer = AdamW(0.01, weight_decay=0.1)
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
    with pytest.raises(ConfigError, match=f"AdamW takes .*{words}"):
        AdamW(0.1, **settings)


def test_repr():
    text = "AdamW(beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.5)"
    assert repr(AdamW(0.1, weight_decay=0.5)) == text
