"""Steps of the engine, compared with the plain layers and the plain engine."""

import numpy as np
import pytest

from handgrad.engine.plain import PlainEngine

from .networks import NETWORKS, Settings, cpu_engine
from .reference import distance_from_kinks, reference_step

MIXED = NETWORKS["strides and pairs"]
COUNT, SEEDS = 34, range(40)  # two tiles


def smooth_batch(network, setting, values):
    """A batch that comes near no kink; None where every batch does."""
    for seed in SEEDS:
        batch = network.batch(COUNT, seed)
        case = (network, setting, values, batch, 1)
        if distance_from_kinks(*case, follows_norms=True) >= 1:
            return batch
    return None


def assert_predicts(engine, network):
    """The engine's logits are those of its own plain layers, as they stand now."""
    images = network.images(COUNT)
    logits, _ = engine.model.forward(network.normalization.apply(images))
    bound = 1e-5 * max(1.0, float(np.abs(logits).max()))
    np.testing.assert_allclose(engine.logits(images), logits, rtol=0, atol=bound)


def agrees(network, *, predicts=False):
    """Whether a batch was found; AssertionError unless the gradients are right.

    `predicts`: and unless the logits are those of the plain layers, trained or not.
    """
    setting = Settings()
    engine = cpu_engine(network, setting, batch_size=COUNT, keep=True)
    values = {name: p.value for name, p in engine.model.parameters().items()}
    batch = smooth_batch(network, setting, values)
    if batch is not None:
        case = (network, setting, values, batch, 1)
        expected = reference_step(*case, follows_norms=True)
        result = engine.train_step(batch, 1)
        expected.assert_agrees(result, engine.training.gradients())
    if predicts:
        assert_predicts(engine, network)
    return batch is not None


def engines(setting, made=MIXED):
    """The CPU engine and the plain engine of the same settings."""
    plain = PlainEngine(
        made.model(),
        setting.loss,
        setting.optimizer,
        made.normalization,
        input_shape=made.shape,
        seed=setting.seed,
        l2=setting.l2,
        clip_norm=setting.clip_norm,
    )
    return cpu_engine(made, setting, workers=2), plain


def assert_two_steps_agree(setting, made=MIXED):
    """Losses, norms and every array of the state; returns the state."""
    fast, plain = engines(setting, made)
    for step in (1, 2):
        batch = made.batch(70, seed=step)
        found, expected = fast.train_step(batch, step), plain.train_step(batch, step)
        assert found.loss == pytest.approx(expected.loss, rel=2e-6)
        assert found.correct == expected.correct
        norms = (found.gradient_norm or 0.0, expected.gradient_norm or 0.0)
        assert norms[0] == pytest.approx(norms[1], rel=1e-5)
    state = fast.state()
    for name, value in plain.state().items():
        np.testing.assert_allclose(
            state[name], value, rtol=1e-5, atol=1e-5, err_msg=name
        )
    return state
