"""The L2 term of the loss: large weights cost."""

from collections.abc import Mapping

from handgrad.arrays import Array, Gradients, array_namespace
from handgrad.parameter import Parameter
from handgrad.ranges import check_at_least
from handgrad.setting import at_least


class L2:
    """A price on the squares of the weights.

    It touches the parameters named `weight` of layers with two or more axes: linear
    and convolution. Biases and the parameters of batch norm go free, since they
    set a level and not a sensitivity.

    Equations
        penalty  = factor * strength * sum of weight**2 over all weights touched
        d_weight = 2 * factor * strength * weight

    The factor is 1/2 or 1 by convention: with 1/2 the gradient is strength * weight.

    Source
        Krogh, Hertz (1991), A simple weight decay can improve generalization.
    """

    strength = at_least(0)
    factor = at_least(0)

    def __init__(self, strength: float, factor: float = 0.5) -> None:
        self.strength = strength
        self.factor = factor

    @property
    def scale(self) -> float:
        """2 * factor * strength; ConfigError if float32 holds no such number."""
        scale = 2.0 * self.factor * self.strength
        check_at_least("L2", "2 * factor * strength", scale, 0)
        return scale

    def penalty(self, parameters: Mapping[str, Parameter]) -> float:
        """What the weights cost, summed in float64."""
        squares = [sum_of_squares(p.value) for p in touched(parameters).values()]
        return self.factor * self.strength * sum(squares)

    def gradients(self, parameters: Mapping[str, Parameter]) -> Gradients:
        """The penalty's gradient for each parameter that it touches."""
        return {name: self.scale * p.value for name, p in touched(parameters).items()}

    def __repr__(self) -> str:
        return f"L2({self.strength:g}, factor={self.factor:g})"


def touched(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters that the L2 term applies to."""
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name.rsplit(".", 1)[-1] == "weight" and len(parameter.shape) >= 2
    }


def sum_of_squares(array: Array) -> float:
    """The sum of the squares of all entries, taken in float64."""
    xp = array_namespace(array)
    wide = xp.astype(array, xp.float64)
    return float(xp.sum(wide * wide))
