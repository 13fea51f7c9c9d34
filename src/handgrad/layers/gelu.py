"""The Gaussian error linear unit."""

from math import pi, sqrt
from typing import Literal

from jaxtyping import Float

from handgrad.arrays import (
    Array,
    Gradients,
    Shape,
    array_like,
    array_namespace,
    to_numpy,
)
from handgrad.errors import ConfigError
from handgrad.layers.layer import Layer
from handgrad.randomness import Key

FAR = 40.0  # beyond it the curve is flat to the last bit, in float64 too
CUBIC = 0.044715
ROOT_TWO_OVER_PI = sqrt(2 / pi)


class GELU(Layer[Array]):
    """Let a value through in the measure of how few normal draws exceed it.

    Shapes
        inputs, outputs  (batch, ...)

    Equations
        outputs  = inputs * below
        d_inputs = d_outputs * (below + inputs * d_below)

        approximate="none", the normal distribution function:
        below    = (1 + erf(inputs / sqrt(2))) / 2
        d_below  = exp(-inputs ** 2 / 2) / sqrt(2 * pi)

        approximate="tanh":
        inner    = sqrt(2 / pi) * (inputs + 0.044715 * inputs ** 3)
        below    = (1 + tanh(inner)) / 2
        d_below  = (1 - tanh(inner) ** 2) / 2
                   * sqrt(2 / pi) * (1 + 3 * 0.044715 * inputs ** 2)

    Cache
        the inputs

    Source
        Hendrycks, Gimpel (2016), Gaussian error linear units, section 2. Derived in
        docs/derivations/gelu.md.
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ConfigError(
                f"GELU takes approximate as 'none' or 'tanh', got {approximate!r}. "
                "Give 'none' for the exact form."
            )
        self.approximate = approximate

    def output_shape(self, input_shape: Shape) -> Shape:
        """Unchanged."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array]:
        """Each value times the part of the normal distribution below it."""
        below, _ = self._below(inputs)
        return inputs * below, inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        inputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """The slope of the product: what is let through, and how that changes."""
        below, inputs_d_below = self._below(inputs)
        return d_outputs * (below + inputs_d_below), {}

    def _below(self, inputs: Array) -> tuple[Array, Array]:
        """`below` and `inputs * d_below`."""
        xp = array_namespace(inputs)
        near = xp.clip(inputs, -FAR, FAR)  # keeps squares and cubes from overflowing
        if self.approximate == "none":
            below = 0.5 * (1 + erf(near * sqrt(0.5)))
            return below, near * xp.exp(-0.5 * near * near) / sqrt(2 * pi)
        square = near * near
        bend = xp.tanh(ROOT_TWO_OVER_PI * (near + CUBIC * square * near))
        d_inner = ROOT_TWO_OVER_PI * (1 + 3 * CUBIC * square)
        return 0.5 * (1 + bend), near * (0.5 * (1 - bend * bend) * d_inner)

    def __repr__(self) -> str:
        return f"GELU(approximate={self.approximate!r})"


def erf(values: Array) -> Array:
    """The error function, which the array API standard does not have."""
    xp = array_namespace(values)
    if hasattr(xp, "special"):  # torch: stays on its device
        return xp.special.erf(values)
    from scipy.special import erf as scipy_erf  # heavy, and only this form needs it

    return array_like(scipy_erf(to_numpy(values)), values)
