"""The Gaussian error linear unit, in its exact and in its tanh form."""

from math import pi, sqrt

from jaxtyping import Float

from handgrad.arrays import (
    Array,
    Gradients,
    Shape,
    array_like,
    array_namespace,
    to_numpy,
)
from handgrad.errors import unknown_name
from handgrad.layers.layer import Layer
from handgrad.randomness import Key

SCALE = sqrt(2 / pi)
CUBIC = 0.044715  # Hendrycks and Gimpel's fit
FAR = 40.0  # beyond it the chance is 0 or 1 to the last bit, in float64 too
FORMS = ("none", "tanh")


class GELU(Layer[Array]):
    """Gaussian error linear unit: inputs * Phi(inputs), Phi the standard normal CDF.

    `approximate="none"` computes Phi exactly, from the error function;
    `approximate="tanh"` uses the tanh formula of the paper, whose outputs differ by at
    most 5e-4. ConfigError for another form.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = inputs * chance
        d_inputs = d_outputs * (chance + inputs * density)
        exact:     chance  = (1 + erf(inputs / sqrt(2))) / 2
                   density = exp(-inputs**2 / 2) / sqrt(2 * pi)
        tanh form: bend    = tanh(sqrt(2 / pi) * (inputs + 0.044715 * inputs**3))
                   chance  = (1 + bend) / 2
                   density = (1 - bend**2) / 2
                             * sqrt(2 / pi) * (1 + 3 * 0.044715 * inputs**2)
        in both, density is the derivative of chance

    Cache
        the inputs

    Source
        Hendrycks, Gimpel (2016), Gaussian error linear units, section 2. Derived in
        docs/derivations/gelu.md.
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in FORMS:
            raise unknown_name("form of GELU", str(approximate), FORMS)
        self.approximate = approximate

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the inputs."""
        return input_shape

    def forward(
        self,
        inputs: Float[Array, "batch *features"],
        *,
        training: bool = False,
        key: Key | None = None,
    ) -> tuple[Float[Array, "batch *features"], Array]:
        """Return inputs * Phi(inputs)."""
        return inputs * self._chance(near(inputs)), inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        inputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative, by the product rule."""
        inputs = near(inputs)
        return d_outputs * (self._chance(inputs) + inputs * self._density(inputs)), {}

    def _chance(self, inputs: Array) -> Array:
        if self.approximate == "none":
            return (1 + erf(inputs / sqrt(2))) / 2
        return (1 + bend(inputs)) / 2

    def _density(self, inputs: Array) -> Array:
        if self.approximate == "none":
            return array_namespace(inputs).exp(-inputs * inputs / 2) / sqrt(2 * pi)
        d_inner = SCALE * (1 + 3 * CUBIC * inputs * inputs)
        return (1 - bend(inputs) ** 2) / 2 * d_inner

    def __repr__(self) -> str:
        return f"GELU(approximate={self.approximate!r})"


def near(inputs: Array) -> Array:
    """The inputs, held where their squares and cubes cannot overflow."""
    return array_namespace(inputs).clip(inputs, -FAR, FAR)


def bend(inputs: Array) -> Array:
    """The curve that stands for erf in the tanh form."""
    inner = SCALE * (inputs + CUBIC * inputs * inputs * inputs)
    return array_namespace(inputs).tanh(inner)


def erf(values: Array) -> Array:
    """The error function, which the array API does not have.

    The array library's own where it has one (torch), else SciPy's.
    """
    xp = array_namespace(values)
    if hasattr(xp, "erf"):
        return xp.erf(values)
    from scipy.special import erf as scipy_erf  # heavy, and only needed here

    return array_like(scipy_erf(to_numpy(values)), values)
