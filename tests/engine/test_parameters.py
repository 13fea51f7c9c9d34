import numpy as np
import pytest

from handgrad.engine.kernels import updates
from handgrad.engine.optimizer_states import rule_of, write_rates
from handgrad.optimizers import SGD, Adam
from handgrad.schedules import step_decay

from .networks import FLATTEN, Settings, cpu_engine, linear, network
from .test_cpu import assert_same_bits, values_of


class Doubled(SGD):
    """An optimizer of a user's own: the engine does not know what it does."""

    def update(self, parameter, gradient, state, step):
        super().update(parameter, 2 * gradient, state, step)


def test_rates_are_those_of_the_step():
    rates = np.zeros(updates.RATES, np.float32)
    optimizer = Adam(step_decay(1.0, every=2, factor=0.5), beta1=0.5, beta2=0.75)
    write_rates(rates, rule_of(optimizer), optimizer, 3)
    expected = [optimizer.learning_rate(3), 1, 0, 0.5, 0.5, 0.75, 0.25, 1e-8]
    np.testing.assert_allclose(rates[:8], expected, rtol=1e-7)
    np.testing.assert_allclose(rates[8:], [1 - 0.5**3, 1 - 0.75**3, 0], rtol=1e-7)


@pytest.mark.parametrize("clip_norm", [None, 0.01])
def test_a_users_own_optimizer_updates_by_its_own_method(clip_norm):
    net = network(FLATTEN, linear(6), linear(4))
    own = cpu_engine(
        net, Settings(optimizer=Doubled(0.1, momentum=0.5), clip_norm=clip_norm)
    )
    known = cpu_engine(
        net, Settings(optimizer=SGD(0.2, momentum=0.5), clip_norm=clip_norm)
    )
    assert rule_of(own.optimizer) is None
    for step in (1, 2, 3):
        batch = net.batch(50, seed=step)
        own.train_step(batch, step)
        known.train_step(batch, step)
    for name, value in values_of(known).items():
        np.testing.assert_allclose(values_of(own)[name], value, rtol=0, atol=1e-6)
    saved = own.state()
    assert "optimizer/linear_1.weight/velocity" in saved
    own.train_step(net.batch(50), 4)
    own.restore(saved)
    assert_same_bits(own.state(), saved)
