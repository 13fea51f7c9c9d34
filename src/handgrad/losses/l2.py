"""L2 penalty on the weights."""

from collections.abc import Mapping

from handgrad.arrays import Array, Gradients, array_namespace
from handgrad.parameter import Parameter
from handgrad.ranges import check_at_least
from handgrad.setting import at_least


class L2:
    """L2 penalty on the weights, a term of the loss.

    It applies to the parameters named `weight` with two or more axes: those of linear
    and convolution layers. Biases and the parameters of batch normalization are exempt.

    `strength` and `factor` are finite numbers from 0 up, else ConfigError. The factor
    is 1/2 or 1 by convention: with 1/2 the gradient is strength * weight.

    Equations
        penalty  = factor * strength * sum of weight**2 over all these weights
        d_weight = 2 * factor * strength * weight

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
        """2 * factor * strength; ConfigError if it is beyond the range of float32."""
        scale = 2.0 * self.factor * self.strength
        check_at_least("L2", "2 * factor * strength", scale, 0)
        return scale

    def penalty(self, parameters: Mapping[str, Parameter]) -> float:
        """Return the penalty, summed in float64.

        `parameters` maps names to parameters, as `Layer.parameters` returns them.
        """
        squares = [sum_of_squares(p.value) for p in penalized(parameters).values()]
        return self.factor * self.strength * sum(squares)

    def gradients(self, parameters: Mapping[str, Parameter]) -> Gradients:
        """Return the gradient of the penalty, by the name of the parameter.

        `parameters` is as for `penalty`; exempt parameters are omitted.
        """
        return {name: self.scale * p.value for name, p in penalized(parameters).items()}

    def __repr__(self) -> str:
        return f"L2({self.strength:g}, factor={self.factor:g})"


def penalized(parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters that the L2 penalty applies to."""
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name.rsplit(".", 1)[-1] == "weight" and len(parameter.shape) >= 2
    }


def sum_of_squares(array: Array) -> float:
    """Sum of the squares of all entries, computed in float64."""
    xp = array_namespace(array)
    wide = xp.astype(array, xp.float64)
    return float(xp.sum(wide * wide))
