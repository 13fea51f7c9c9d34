"""The AdamW optimizer."""

from handgrad.arrays import Array, array_namespace
from handgrad.optimizers.adam import adam_direction
from handgrad.optimizers.optimizer import Optimizer, State
from handgrad.parameter import Parameter
from handgrad.schedules import Schedule
from handgrad.setting import at_least, fraction, positive


class AdamW(Optimizer):
    """Adam with decoupled weight decay.

    `learning_rate` is a number or a schedule. ConfigError for a beta1 or beta2 that is
    not from 0 up to, but not including, 1, an eps that is not above 0, or a negative
    weight_decay or learning rate.

    Equations
        mean        = beta1 * mean + (1 - beta1) * gradient               (0 at first)
        mean_square = beta2 * mean_square + (1 - beta2) * gradient**2     (0 at first)
        unbiased_mean        = mean / (1 - beta1**step)
        unbiased_mean_square = mean_square / (1 - beta2**step)
        decayed   = parameter - learning_rate * weight_decay * parameter
        direction = unbiased_mean / (sqrt(unbiased_mean_square) + eps)
        parameter = decayed - learning_rate * direction

    The paper multiplies the weight decay by the schedule's factor only; here, as in
    PyTorch, it is multiplied by the learning rate.

    State
        mean and mean_square, the first and second moment estimates, each shaped like
        the parameter

    Source
        Loshchilov, Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    """

    beta1 = fraction()
    beta2 = fraction()
    eps = positive()
    weight_decay = at_least(0)

    def __init__(
        self,
        learning_rate: float | Schedule,
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.weight_decay = weight_decay

    def initial_state(self, parameter: Parameter) -> State:
        """Return moment estimates of zeros."""
        xp = array_namespace(parameter.value)
        zeros = xp.zeros_like(parameter.value)
        return {"mean": zeros, "mean_square": xp.zeros_like(zeros)}

    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Decay the parameter, then apply the Adam step."""
        learning_rate = self.rate(step)
        decayed = parameter.value - learning_rate * self.weight_decay * parameter.value
        direction = adam_direction(
            gradient, state, step, (self.beta1, self.beta2, self.eps)
        )
        parameter.value = decayed - learning_rate * direction

    def __repr__(self) -> str:
        return (
            f"AdamW(beta1={self.beta1:g}, beta2={self.beta2:g}, eps={self.eps:g}, "
            f"weight_decay={self.weight_decay:g})"
        )
