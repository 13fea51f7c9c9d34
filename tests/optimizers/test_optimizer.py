import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.optimizers import RULES, SGD, Optimizer
from handgrad.parameter import Parameter
from handgrad.schedules import cosine


def test_a_number_is_a_constant_schedule():
    assert [SGD(0.1).learning_rate(step) for step in (1, 100)] == [0.1, 0.1]


def test_a_schedule_is_kept():
    schedule = cosine(0.1, steps=5)
    assert SGD(schedule).learning_rate is schedule


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("given", [0.5, cosine(0.5, steps=1), lambda step: 0.5])
def test_an_assigned_learning_rate_counts_from_the_next_step(rule, given):
    moved = []
    for optimizer in (rule(0.5), rule(0.1)):
        optimizer.learning_rate = given
        parameter = Parameter(np.array([3.0, -2.0]))
        state = optimizer.initial_state(parameter)
        optimizer.update(parameter, np.ones(2), state, 1)
        moved.append(parameter.value)
    assert optimizer.rate(1) == 0.5
    np.testing.assert_array_equal(*moved)


BAD_RATES = [float("nan"), float("inf"), -0.1, 1e300, None, "0.1", True, [0.1]]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("bad", BAD_RATES)
def test_an_invalid_learning_rate_is_refused_before_any_update(rule, bad):
    optimizer = rule(lambda step: bad if step == 3 else 0.1)
    parameter = Parameter(before := np.array([3.0, -2.0]))
    said = r"Step 3 takes a learning rate of at (least 0|most 3)"
    with pytest.raises(ConfigError, match=said):
        optimizer.update(
            parameter, np.ones(2), optimizer.initial_state(parameter), step=3
        )
    assert parameter.value is before
    with pytest.raises(
        ConfigError, match=r"takes learning_rate of at (least 0|most 3)"
    ):
        rule(bad)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("bad", BAD_RATES)
def test_no_other_number_can_be_assigned(rule, bad):
    optimizer = rule(0.1)
    with pytest.raises(ConfigError, match=f"{rule.__name__} takes learning_rate of at"):
        optimizer.learning_rate = bad
    assert optimizer.rate(1) == 0.1


@pytest.mark.parametrize("rule", RULES)
def test_a_function_that_makes_a_schedule_is_none(rule):
    said = f"{rule.__name__} takes a schedule, .* cosine takes other arguments"
    with pytest.raises(ConfigError, match=said):
        rule(cosine)
    with pytest.raises(ConfigError, match=said):
        rule(0.1).learning_rate = cosine


def test_an_optimizer_without_its_methods_is_abstract():
    class Nothing(Optimizer):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing(0.1)


@pytest.mark.parametrize("rule", RULES)
def test_every_optimizer_minimizes_a_quadratic(rule):
    parameter = Parameter(np.array([3.0, -2.0]))
    optimizer = rule(cosine(0.1, steps=500))
    state = optimizer.initial_state(parameter)
    for step in range(1, 501):
        optimizer.update(parameter, parameter.value * [1.0, 5.0], state, step)
    np.testing.assert_allclose(parameter.value, 0, atol=1e-2)
