import numpy as np
import pytest

from handgrad.engine.kernels import updates
from handgrad.engine.optimizer_states import RULES, rule_of, write_rates
from handgrad.optimizers import SGD, Adam, AdamW, RMSProp
from handgrad.parameter import Parameter
from handgrad.starting_points import STARTING_POINTS, optimizer_named

KERNELS = {
    updates.SGD: SGD(0.1),
    updates.MOMENTUM: SGD(0.1, momentum=0.9),
    updates.NESTEROV: SGD(0.1, momentum=0.9, nesterov=True),
    updates.RMSPROP: RMSProp(0.1),
    updates.ADAM: Adam(0.1),
    updates.ADAMW: AdamW(0.1),
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_an_optimizer_has_its_kernel(kernel):
    assert rule_of(KERNELS[kernel]) == kernel


@pytest.mark.parametrize("name", STARTING_POINTS)
def test_every_optimizer_has_a_kernel_with_as_many_states_as_it_keeps(name):
    optimizer = optimizer_named(name, 0.1)
    state = optimizer.initial_state(Parameter(np.zeros(3, np.float32)))
    assert len(state) == updates.STATES[rule_of(optimizer)]


def test_an_own_optimizer_has_no_kernel_and_no_rates():
    class Own(SGD):
        """A subclass may do anything."""

    own, rates = Own(0.1, momentum=0.5), np.zeros(updates.RATES, np.float32)
    assert rule_of(own) is None
    write_rates(rates, None, own, 1)
    assert rates.tolist() == [0, 1, *[0] * 9]
    assert Own not in RULES
