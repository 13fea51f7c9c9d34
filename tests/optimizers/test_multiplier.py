import numpy as np
import pytest

from handgrad.optimizers import SGD, Adam
from handgrad.optimizers.multiplier import with_multiplier
from handgrad.parameter import Parameter
from handgrad.schedules import step_decay


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_the_rate_of_every_step_is_multiplied(kind):
    optimizer = kind(step_decay(0.8, every=1, factor=0.5))
    slow = with_multiplier(optimizer, 0.25)
    assert [slow.rate(step) for step in (1, 2)] == pytest.approx([0.2, 0.1])
    assert [optimizer.rate(step) for step in (1, 2)] == pytest.approx([0.8, 0.4])
    one, other = Parameter(np.ones(3)), Parameter(np.ones(3))
    for each, rule in ((one, slow), (other, kind(0.2))):
        rule.update(each, np.ones(3), rule.initial_state(each), 1)
    np.testing.assert_array_equal(one.value, other.value)


def test_a_multiplier_of_one_is_the_optimizer_itself():
    optimizer = SGD(0.1)
    assert with_multiplier(optimizer, 1.0) is optimizer
