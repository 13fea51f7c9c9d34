"""The abstract base class of all optimizers."""

from abc import ABC, abstractmethod
from typing import TypeAlias

from handgrad.arrays import Array
from handgrad.parameter import Parameter
from handgrad.ranges import LARGEST, check_at_least
from handgrad.schedules import Schedule, check_schedule, constant
from handgrad.setting import Setting

State: TypeAlias = dict[str, Array]


def _check_rate(owner: str, name: str, rate: float | Schedule) -> float | Schedule:
    """Return a rate unchanged; ConfigError for an invalid one, or another function."""
    if callable(rate):
        check_schedule(owner, rate)
    else:
        check_at_least(owner, name, rate, 0)
    return rate


class Optimizer(ABC):
    """Base class of all optimizers; an optimizer is a rule to update one parameter.

    `learning_rate` is a finite number from 0 up, else ConfigError, or a schedule of
    `handgrad.schedules`: a function from the step to the learning rate. An optimizer
    stores nothing about a parameter: its state is a dictionary of arrays, passed to
    `update`. A custom optimizer defines `initial_state` and `update`, which training
    calls with four positional arguments, and which assigns `parameter.value` instead of
    returning it; else training raises ConfigError.

    An invalid setting raises ConfigError, both at construction and on assignment.

    Example
        optimizer, parameter = SGD(0.1), Parameter(np.ones(3))
        state = optimizer.initial_state(parameter)
        optimizer.update(parameter, np.ones(3), state, step=1)
        parameter.value  # [0.9, 0.9, 0.9]
    """

    learning_rate: Setting[float | Schedule] = Setting(_check_rate)

    def __init__(self, learning_rate: float | Schedule) -> None:
        if not callable(learning_rate):
            _check_rate(type(self).__name__, "learning_rate", learning_rate)
            learning_rate = constant(learning_rate)
        self.learning_rate = learning_rate

    def rate(self, step: int) -> float:
        """Return the learning rate of a `step`, counted from 1.

        ConfigError unless it is finite and not negative.
        """
        given = self.learning_rate
        rate = given(step) if callable(given) else given
        if not (type(rate) is float and 0 <= rate <= LARGEST):
            check_at_least(f"Step {step}", "a learning rate", rate, 0)
        return rate

    @abstractmethod
    def initial_state(self, parameter: Parameter) -> State:
        """Return the state for a `parameter` before step 1, as arrays by name.

        They are zeros, with the shape and dtype of the parameter.
        """

    @abstractmethod
    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Update the parameter once.

        `parameter.value` and the entries of `state` become new arrays; the gradient and
        the old arrays are not modified. ConfigError for an invalid learning rate.

        Shapes
            gradient  like the parameter
            state     name to array, as `initial_state` returns it

        Units
            step  counts updates, from 1
        """
