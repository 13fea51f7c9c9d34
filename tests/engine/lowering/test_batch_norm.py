from dataclasses import dataclass

import numpy as np
import pytest

from handgrad.datasets.normalization import Normalization

from ..networks import NETWORKS, Network, cpu_engine
from ..reference import reference_step
from ..test_cpu import Settings, plain_engine

NAMES = ["batch norm of pictures", "batch norm of rows", "batch norm last"]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("count", [1, 33, 70])
@pytest.mark.parametrize("name", NAMES)
def test_running_statistics_are_the_plain_layers(name, count, workers):
    net, setting = NETWORKS[name], Settings()
    fast, plain = cpu_engine(net, setting, workers=workers), plain_engine(net, setting)
    for step in (1, 2):
        batch = net.batch(count, seed=step)
        fast.train_step(batch, step)
        plain.train_step(batch, step)
    state, expected = fast.state(), plain.state()
    buffers = [key for key in expected if key.startswith("buffers/")]
    assert buffers
    for key in buffers:
        np.testing.assert_allclose(
            state[key], expected[key], rtol=1e-4, atol=1e-5, err_msg=key
        )


@pytest.mark.parametrize("name", NAMES)
def test_prediction_uses_and_keeps_the_running_statistics(name):
    net = NETWORKS[name]
    engine, images = cpu_engine(net), net.images(40)
    for step in (1, 2, 3):
        engine.train_step(net.batch(70, seed=step), step)
    before = engine.state()
    plain, _ = engine.model.forward(net.normalization.apply(images))
    np.testing.assert_allclose(engine.logits(images), plain, rtol=0, atol=1e-4)
    for key, array in engine.state().items():
        np.testing.assert_array_equal(array, before[key])


@dataclass(frozen=True)
class Faint(Network):
    """A network whose pictures are nearly, or wholly, of one colour."""

    spread: float = 0.0

    @property
    def normalization(self):
        return Normalization((0.4,), (1 / self.spread if self.spread else 1.0,))

    def images(self, count, seed=0):
        images = super().images(count, seed)
        return images if self.spread else np.full_like(images, 150)


@pytest.mark.parametrize("spread", [0.0, 1e-9, 1e-5, 1e-3])
@pytest.mark.parametrize("name", NAMES)
def test_a_variance_far_below_eps_is_lifted_inside_the_root(name, spread):
    """Outside it, outputs and gradients would be larger by 1 / sqrt(eps)."""
    net = Faint(*vars(NETWORKS[name]).values(), spread=spread)
    setting = Settings()
    engine = cpu_engine(net, setting, keep=True)
    batch = net.batch(70)
    values = {name: p.value for name, p in engine.model.parameters().items()}
    expected = reference_step(net, setting, values, batch, 1, follows_norms=True)
    expected.correct = (result := engine.train_step(batch, 1)).correct  # may be ties
    for gradient in expected.gradients.values():
        gradient[np.abs(gradient) < 1e-12] = 0  # where even float64 only rounds
    expected.assert_agrees(result, engine.training.gradients())
