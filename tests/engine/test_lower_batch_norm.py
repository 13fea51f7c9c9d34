import numpy as np
import pytest

from .networks import NETWORKS, cpu_engine
from .test_cpu import Settings, plain_engine

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
