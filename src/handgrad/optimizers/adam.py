"""The Adam optimizer."""

from handgrad.arrays import Array, array_namespace
from handgrad.optimizers.optimizer import Optimizer, State
from handgrad.parameter import Parameter
from handgrad.schedules import Schedule
from handgrad.setting import at_least, fraction, positive


class Adam(Optimizer):
    """Adam: mean gradient divided by its root mean square, both moving averages.

    `learning_rate` is a number or a schedule. ConfigError for a beta1 or beta2 that is
    not from 0 up to, but not including, 1, an eps that is not above 0, or a negative
    weight_decay or learning rate.

    Equations
        gradient    = gradient + weight_decay * parameter
        mean        = beta1 * mean + (1 - beta1) * gradient               (0 at first)
        mean_square = beta2 * mean_square + (1 - beta2) * gradient**2     (0 at first)
        unbiased_mean        = mean / (1 - beta1**step)
        unbiased_mean_square = mean_square / (1 - beta2**step)
        direction   = unbiased_mean / (sqrt(unbiased_mean_square) + eps)
        parameter   = parameter - learning_rate * direction

    Weight decay is added to the gradient like that of an L2 penalty, so it is rescaled
    as well; AdamW decouples it from the gradient.

    State
        mean and mean_square, the first and second moment estimates, each shaped like
        the parameter

    Source
        Kingma, Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
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
        weight_decay: float = 0.0,
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
        """Update the parameter from the bias-corrected moment estimates."""
        if self.weight_decay != 0:
            gradient = gradient + self.weight_decay * parameter.value
        direction = adam_direction(
            gradient, state, step, (self.beta1, self.beta2, self.eps)
        )
        parameter.value = parameter.value - self.rate(step) * direction

    def __repr__(self) -> str:
        return (
            f"Adam(beta1={self.beta1:g}, beta2={self.beta2:g}, eps={self.eps:g}, "
            f"weight_decay={self.weight_decay:g})"
        )


def adam_direction(
    gradient: Array, state: State, step: int, settings: tuple[float, float, float]
) -> Array:
    """Update the moment estimates in `state`; return the direction of the step."""
    xp = array_namespace(gradient)
    beta1, beta2, eps = settings
    square = gradient * gradient
    state["mean"] = beta1 * state["mean"] + (1 - beta1) * gradient
    state["mean_square"] = beta2 * state["mean_square"] + (1 - beta2) * square
    unbiased_mean = state["mean"] / (1 - beta1**step)
    unbiased_mean_square = state["mean_square"] / (1 - beta2**step)
    return unbiased_mean / (xp.sqrt(unbiased_mean_square) + eps)
