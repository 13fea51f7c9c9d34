"""What every optimizer is: a rule that moves one parameter against its gradient."""

from abc import ABC, abstractmethod
from typing import TypeAlias

from handgrad.arrays import Array
from handgrad.parameter import Parameter
from handgrad.ranges import LARGEST, check_at_least
from handgrad.schedules import Schedule, constant

State: TypeAlias = dict[str, Array]


class Optimizer(ABC):
    """A rule that moves one parameter. What it remembers is in `state`, by name."""

    def __init__(self, learning_rate: float | Schedule) -> None:
        if not callable(learning_rate):
            check_at_least(type(self).__name__, "learning_rate", learning_rate, 0)
            learning_rate = constant(learning_rate)
        self.learning_rate: float | Schedule = learning_rate

    def rate(self, step: int) -> float:
        """The learning rate of a step; ConfigError unless it is finite, from 0 up."""
        given = self.learning_rate
        rate = given(step) if callable(given) else given
        if not (type(rate) is float and 0 <= rate <= LARGEST):
            check_at_least(f"Step {step}", "a learning rate", rate, 0)
        return rate

    @abstractmethod
    def initial_state(self, parameter: Parameter) -> State:
        """The named arrays that the rule remembers for a parameter, before step 1."""

    @abstractmethod
    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Move the parameter once; `step` counts from 1.

        Gives `parameter.value` and the entries of `state` new arrays; the gradient
        and the old arrays stay as they were.
        """
