"""Updates of an optimizer and of torch's on the same gradients, in float64."""

import numpy as np
import torch

from handgrad.parameter import Parameter

STEPS = 7


def start_and_gradients(seed=0, shape=(4, 3)):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=(STEPS, *shape))


def path(optimizer, xp=np, dtype=None):
    """The parameter after each step."""
    start, gradients = start_and_gradients()
    parameter = Parameter(xp.asarray(start, dtype=dtype))
    state = optimizer.initial_state(parameter)
    values = []
    for step, gradient in enumerate(gradients, start=1):
        optimizer.update(parameter, xp.asarray(gradient, dtype=dtype), state, step)
        values.append(np.asarray(parameter.value))
    return values, parameter, state


def torch_path(rule, **settings):
    """The same, by an optimizer of torch."""
    start, gradients = start_and_gradients()
    parameter = torch.tensor(start, requires_grad=True)
    optimizer = rule([parameter], **settings)
    values = []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        values.append(parameter.detach().numpy().copy())
    return values


def assert_same_path(ours, theirs):
    for mine, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=0, atol=1e-12)
