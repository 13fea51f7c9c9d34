"""The SGD optimizer, optionally with momentum or Nesterov momentum."""

from handgrad.arrays import Array, array_namespace
from handgrad.errors import ConfigError
from handgrad.optimizers.optimizer import Optimizer, State
from handgrad.parameter import Parameter
from handgrad.schedules import Schedule
from handgrad.setting import at_least, fraction, true_or_false


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum or Nesterov momentum.

    `learning_rate` is a number or a schedule. ConfigError for a momentum that is not
    from 0 up to, but not including, 1, a negative weight_decay or learning rate, or
    `nesterov` without momentum.

    Equations
        gradient  = gradient + weight_decay * parameter
        velocity  = momentum * velocity + gradient            (0 before step 1)
        parameter = parameter - learning_rate * velocity
        with nesterov=True:
        parameter = parameter - learning_rate * (gradient + momentum * velocity)

    Some sources include the learning rate in the velocity: velocity = momentum *
    velocity - learning_rate * gradient is added to the parameter. Both forms give the
    same updates as long as the learning rate is constant.

    State
        velocity, shaped like the parameter; empty if momentum is 0

    Source
        Polyak (1964), Some methods of speeding up the convergence of iteration
        methods. Sutskever, Martens, Dahl, Hinton (2013), On the importance of
        initialization and momentum in deep learning.
    """

    momentum = fraction()
    nesterov = true_or_false()
    weight_decay = at_least(0)

    def __init__(
        self,
        learning_rate: float | Schedule,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate)
        self.nesterov = nesterov
        if nesterov and momentum == 0:
            raise ConfigError(
                "SGD with nesterov takes momentum above 0, got 0. "
                "Set momentum, for example to 0.9."
            )
        self.momentum = momentum
        self.weight_decay = weight_decay

    def initial_state(self, parameter: Parameter) -> State:
        """Return a velocity of zeros; an empty dictionary without momentum."""
        if self.momentum == 0:
            return {}
        xp = array_namespace(parameter.value)
        return {"velocity": xp.zeros_like(parameter.value)}

    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Update the parameter from the gradient or the velocity."""
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter.value
        direction = gradient
        if self.momentum != 0:
            velocity = self.momentum * state["velocity"] + gradient
            state["velocity"] = velocity
            lookahead = gradient + self.momentum * velocity
            direction = lookahead if self.nesterov else velocity
        parameter.value = parameter.value - self.rate(step) * direction

    def __repr__(self) -> str:
        return (
            f"SGD(momentum={self.momentum:g}, nesterov={self.nesterov}, "
            f"weight_decay={self.weight_decay:g})"
        )
