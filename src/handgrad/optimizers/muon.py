"""The Muon optimizer."""

from math import prod

from handgrad.arrays import Array, array_namespace
from handgrad.optimizers.optimizer import Optimizer, State
from handgrad.optimizers.orthogonalize import orthogonalize
from handgrad.parameter import Parameter
from handgrad.schedules import Schedule
from handgrad.setting import at_least, fraction

RMS = 0.2  # root mean square of an update at learning rate 1, about that of AdamW


class Muon(Optimizer):
    """Muon: momentum whose singular values are all brought close to 1.

    A weight is seen as a matrix with a row for each output: its first axis by all
    others. So every direction of a weight moves about as fast, also those in which the
    gradient is small. A parameter with one axis (a bias, a scale, a shift) is seen as a
    single row, whose orthogonalization is the row divided by its norm.

    `learning_rate` is a number or a schedule. ConfigError for a momentum that is not
    from 0 up to, but not including, 1, or a negative weight_decay or learning rate.

    Equations
        velocity  = momentum * velocity + gradient                 (0 before step 1)
        direction = gradient + momentum * velocity                 (Nesterov)
        scale     = 0.2 * sqrt(max(rows, columns))
        parameter = parameter - learning_rate * weight_decay * parameter
        parameter = parameter - learning_rate * scale * orthogonalize(direction)

    Weight decay applies to weights only, those with two axes or more, and is decoupled
    from the gradient. With this scale, learning rates of AdamW suit Muon.

    State
        velocity, shaped like the parameter

    Source
        Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein (2024), Muon: an optimizer
        for hidden layers in neural networks; Liu et al. (2025), Muon is scalable for
        LLM training, section 2.2, for the scale. There, AdamW updates parameters with
        one axis and the last layer.
    """

    momentum = fraction()
    weight_decay = at_least(0)

    def __init__(
        self,
        learning_rate: float | Schedule,
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.1,
    ) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum
        self.weight_decay = weight_decay

    def initial_state(self, parameter: Parameter) -> State:
        """Return a velocity of zeros."""
        xp = array_namespace(parameter.value)
        return {"velocity": xp.zeros_like(parameter.value)}

    def update(
        self, parameter: Parameter, gradient: Array, state: State, step: int
    ) -> None:
        """Update the parameter from the orthogonalized velocity."""
        xp, value, rate = array_namespace(gradient), parameter.value, self.rate(step)
        velocity = self.momentum * state["velocity"] + gradient
        state["velocity"] = velocity
        direction = gradient + self.momentum * velocity
        rows, columns = matrix_shape(value.shape)
        matrix = orthogonalize(xp.reshape(direction, (rows, columns)))
        scale = RMS * max(rows, columns) ** 0.5
        if len(value.shape) > 1:
            value = value - rate * self.weight_decay * value
        parameter.value = value - rate * scale * xp.reshape(matrix, value.shape)

    def __repr__(self) -> str:
        return f"Muon(momentum={self.momentum:g}, weight_decay={self.weight_decay:g})"


def matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of a parameter as a matrix."""
    return (shape[0], prod(shape[1:])) if len(shape) > 1 else (1, prod(shape))
