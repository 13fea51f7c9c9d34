import numpy as np
import pytest

from handgrad.engine.kernels import updates
from handgrad.engine.parameters import (
    STATE_NAMES,
    ParameterStore,
    aligned,
    rule_of,
    write_rates,
)
from handgrad.optimizers import SGD, Adam, AdamW, RMSProp
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay

from .networks import FLATTEN, Settings, cpu_engine, linear, network
from .test_cpu import assert_same_bits, values_of

RULES = {
    updates.SGD: SGD(0.1),
    updates.MOMENTUM: SGD(0.1, momentum=0.9),
    updates.NESTEROV: SGD(0.1, momentum=0.9, nesterov=True),
    updates.RMSPROP: RMSProp(0.1),
    updates.ADAM: Adam(0.1),
    updates.ADAMW: AdamW(0.1),
}


class Doubled(SGD):
    """An optimizer of a user's own: the engine does not know what it does."""

    def update(self, parameter, gradient, state, step):
        super().update(parameter, 2 * gradient, state, step)


def test_parameters_become_views_of_one_buffer():
    parameters = {
        "weight": Parameter(np.arange(6, dtype=np.float32).reshape(2, 3)),
        "bias": Parameter(np.full(2, 7, np.float32)),
    }
    store = ParameterStore(parameters)
    np.testing.assert_array_equal(parameters["weight"].value, [[0, 1, 2], [3, 4, 5]])
    assert store.size == 32
    assert store.offsets == {"weight": 0, "bias": 16}
    store.values[17] = 9
    np.testing.assert_array_equal(parameters["bias"].value, [7, 9])
    assert store.pointer("bias").base == parameters["bias"].value.ctypes.data
    other = aligned(store.size)
    assert store.pointer("bias", other).base == other.ctypes.data + 64
    assert store.view(other, "weight").shape == (2, 3)


@pytest.mark.parametrize("size", [1, 15, 1000])
def test_aligned_zeros_begin_on_a_cache_line(size):
    array = aligned(size)
    assert array.ctypes.data % 64 == 0
    assert array.shape == (size,)
    assert not array.any()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_and_its_states_are_the_plain_optimizers(rule):
    optimizer = RULES[rule]
    assert rule_of(optimizer) == rule
    state = optimizer.initial_state(Parameter(np.zeros(3, np.float32)))
    assert tuple(state) == STATE_NAMES[rule]


def test_rates_are_those_of_the_step():
    rates = np.zeros(updates.RATES, np.float32)
    optimizer = Adam(step_decay(1.0, every=2, factor=0.5), beta1=0.5, beta2=0.75)
    write_rates(rates, rule_of(optimizer), optimizer, 3)
    expected = [optimizer.learning_rate(3), 1, 0, 0.5, 0.5, 0.75, 0.25, 1e-8]
    np.testing.assert_allclose(rates[:8], expected, rtol=1e-7)
    np.testing.assert_allclose(rates[8:], [1 - 0.5**3, 1 - 0.75**3, 0], rtol=1e-7)


@pytest.mark.parametrize("clip_norm", [None, 0.01])
def test_a_users_own_optimizer_moves_by_its_plain_voice(clip_norm):
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
