"""The RMSProp optimizer."""

from handgrad.arrays import Array, array_namespace
from handgrad.optimizers.optimizer import Optimizer, State
from handgrad.parameter import Parameter
from handgrad.schedules import Schedule
from handgrad.setting import at_least, fraction, positive


class RMSProp(Optimizer):
    """RMSProp: gradient divided by the root of its moving mean square.

    `learning_rate` is a number or a schedule. ConfigError for a decay that is not from
    0 up to, but not including, 1, an eps that is not above 0, or a negative
    weight_decay or learning rate.

    Equations
        gradient    = gradient + weight_decay * parameter
        mean_square = decay * mean_square + (1 - decay) * gradient**2   (0 at first)
        parameter   = parameter - learning_rate * gradient / (sqrt(mean_square) + eps)

    As in PyTorch, eps is added outside the square root; some libraries add it inside.

    State
        mean_square, shaped like the parameter

    Source
        Tieleman, Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    """

    decay = fraction()
    eps = positive()
    weight_decay = at_least(0)

    def __init__(
        self,
        learning_rate: float | Schedule,
        *,
        decay: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate)
        self.decay = decay
        self.eps = eps
        self.weight_decay = weight_decay

    def initial_state(self, parameter: Parameter) -> State:
        """Return a mean square of zeros."""
        xp = array_namespace(parameter.value)
        return {"mean_square": xp.zeros_like(parameter.value)}

    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Update the parameter from the gradient and its mean square."""
        xp = array_namespace(gradient)
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter.value
        square = gradient * gradient
        state["mean_square"] = (
            self.decay * state["mean_square"] + (1 - self.decay) * square
        )
        direction = gradient / (xp.sqrt(state["mean_square"]) + self.eps)
        parameter.value = parameter.value - self.rate(step) * direction

    def __repr__(self) -> str:
        return (
            f"RMSProp(decay={self.decay:g}, eps={self.eps:g}, "
            f"weight_decay={self.weight_decay:g})"
        )
