import numpy as np
import pytest

from handgrad.engine.kernels import updates
from handgrad.engine.optimizer_states import STATE_NAMES, rule_of
from handgrad.optimizers import SGD, Adam, AdamW, RMSProp
from handgrad.parameter import Parameter

RULES = {
    updates.SGD: SGD(0.1),
    updates.MOMENTUM: SGD(0.1, momentum=0.9),
    updates.NESTEROV: SGD(0.1, momentum=0.9, nesterov=True),
    updates.RMSPROP: RMSProp(0.1),
    updates.ADAM: Adam(0.1),
    updates.ADAMW: AdamW(0.1),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_and_its_states_are_the_plain_optimizers(rule):
    optimizer = RULES[rule]
    assert rule_of(optimizer) == rule
    state = optimizer.initial_state(Parameter(np.zeros(3, np.float32)))
    assert tuple(state) == STATE_NAMES[rule]
