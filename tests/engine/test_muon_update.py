"""Muon in the CPU engine: the plain optimizer, on the engine's own gradients."""

import numpy as np
import pytest

from handgrad.losses import L2
from handgrad.optimizers import Muon
from handgrad.parameter import Parameter

from .networks import NETWORKS, Settings, cpu_engine

MUON = Muon(0.05, momentum=0.8, weight_decay=0.5)
SETTINGS = {
    "alone": Settings(optimizer=MUON),
    "clipped": Settings(optimizer=MUON, clip_norm=0.1),
    "l2": Settings(optimizer=MUON, l2=L2(0.1)),
    "scheduled": Settings(optimizer=Muon(lambda step: 0.1 / step)),
}
STEPS = (1, 2, 3)


def parameters_of(engine):
    return {n: p.value.copy() for n, p in engine.model.parameters().items()}


def velocities_of(engine):
    return {n: s["velocity"].copy() for n, s in engine._optimizer_states().items()}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", ["deep", "strides and pairs", "average pooling"])
def test_updates_are_those_of_the_plain_optimizer(name, setting):
    network, optimizer = NETWORKS[name], SETTINGS[setting].optimizer
    engine = cpu_engine(network, SETTINGS[setting], keep=True, workers=2)
    for step in STEPS:
        values, velocities = parameters_of(engine), velocities_of(engine)
        result = engine.train_step(network.batch(33, seed=step), step)
        clip = SETTINGS[setting].clip_norm
        scale = 1.0 if clip is None else min(1.0, clip / result.gradient_norm)
        found, moved = parameters_of(engine), velocities_of(engine)
        for key, gradient in engine.training.gradients().items():
            parameter = Parameter(values[key])
            state = {"velocity": velocities[key]}
            optimizer.update(parameter, np.float32(scale) * gradient, state, step)
            np.testing.assert_allclose(moved[key], state["velocity"], rtol=1e-5)
            np.testing.assert_allclose(found[key], parameter.value, rtol=0, atol=1e-4)
            assert np.abs(parameter.value - values[key]).max() > 1e-3


def test_any_number_of_workers_gives_the_same_bits():
    network = NETWORKS["deep"]
    engines = [
        cpu_engine(network, SETTINGS["alone"], workers=workers) for workers in (1, 2, 3)
    ]
    for step in STEPS:
        for engine in engines:
            engine.train_step(network.batch(33, seed=step), step)
    first, *others = [parameters_of(engine) for engine in engines]
    for other in others:
        for name, value in first.items():
            np.testing.assert_array_equal(value, other[name])


def test_frozen_parameters_stay_and_multipliers_count():
    network = NETWORKS["deep"]
    engine = cpu_engine(network, SETTINGS["alone"])
    frozen, slow, *_ = engine.model.parameters().values()
    frozen.learning_rate_multiplier, slow.learning_rate_multiplier = 0.0, 0.5
    before = parameters_of(engine)
    engine.train_step(network.batch(33, seed=1), 1)
    after = parameters_of(engine)
    names = list(before)
    np.testing.assert_array_equal(before[names[0]], after[names[0]])
    whole = cpu_engine(network, SETTINGS["alone"])
    whole.train_step(network.batch(33, seed=1), 1)
    moved = after[names[1]] - before[names[1]]
    fully = parameters_of(whole)[names[1]] - before[names[1]]
    np.testing.assert_allclose(moved, 0.5 * fully, rtol=1e-3, atol=1e-6)


def test_a_loss_that_is_not_finite_changes_nothing():
    network = NETWORKS["deep"]
    engine = cpu_engine(network, SETTINGS["alone"])
    engine.train_step(network.batch(33, seed=1), 1)
    first = next(iter(engine.model.parameters().values()))
    first.value[...] = np.inf
    before, velocities = parameters_of(engine), velocities_of(engine)
    with np.errstate(all="ignore"):
        result = engine.train_step(network.batch(33, seed=2), 2)
    assert not result.is_finite
    for name, value in parameters_of(engine).items():
        np.testing.assert_array_equal(value, before[name])
    for name, value in velocities_of(engine).items():
        np.testing.assert_array_equal(value, velocities[name])
