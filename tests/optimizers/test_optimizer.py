import numpy as np
import pytest

from handgrad.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from handgrad.parameter import Parameter
from handgrad.schedules import cosine


def test_a_number_is_a_constant_schedule():
    assert [SGD(0.1).learning_rate(step) for step in (1, 100)] == [0.1, 0.1]


def test_a_schedule_is_kept():
    schedule = cosine(0.1, steps=5)
    assert SGD(schedule).learning_rate is schedule


def test_a_rule_without_its_equations_cannot_be_made():
    class Nothing(Optimizer):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing(0.1)


@pytest.mark.parametrize("rule", [SGD, RMSProp, Adam, AdamW])
def test_every_rule_finds_the_bottom_of_a_bowl(rule):
    parameter = Parameter(np.array([3.0, -2.0]))
    optimizer = rule(cosine(0.1, steps=500))
    state = optimizer.initial_state(parameter)
    for step in range(1, 501):
        optimizer.update(parameter, parameter.value * [1.0, 5.0], state, step)
    np.testing.assert_allclose(parameter.value, 0, atol=1e-2)
