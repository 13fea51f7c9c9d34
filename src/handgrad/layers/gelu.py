"""The Gaussian error linear unit (GELU), exact or with the tanh approximation."""

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
FAR = 40.0  # beyond this, Phi rounds to 0 or 1 in float64 too
FORMS = ("none", "tanh")


class GELU(Layer[Array]):
    """Gaussian error linear unit: inputs * Phi(inputs), Phi the standard normal CDF.

    `approximate="none"` computes Phi exactly, from the error function;
    `approximate="tanh"` uses the tanh formula of the paper, whose outputs differ by at
    most 5e-4. ConfigError for another form.

    Shapes
        inputs, outputs  (batch, ...), float32 or float64

    Equations
        outputs  = inputs * cdf
        d_inputs = d_outputs * (cdf + inputs * pdf)
        exact:     cdf = (1 + erf(inputs / sqrt(2))) / 2
                   pdf = exp(-inputs**2 / 2) / sqrt(2 * pi)
        tanh form: u   = sqrt(2 / pi) * (inputs + 0.044715 * inputs**3)
                   cdf = (1 + tanh(u)) / 2
                   pdf = (1 - tanh(u)**2) / 2
                         * sqrt(2 / pi) * (1 + 3 * 0.044715 * inputs**2)
        in both, pdf is the derivative of cdf

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
        return inputs * self._cdf(clipped(inputs)), inputs

    def backward(
        self,
        d_outputs: Float[Array, "batch *features"],
        inputs: Float[Array, "batch *features"],
        /,
    ) -> tuple[Float[Array, "batch *features"], Gradients]:
        """Return d_outputs times the derivative, by the product rule."""
        inputs = clipped(inputs)
        return d_outputs * (self._cdf(inputs) + inputs * self._pdf(inputs)), {}

    def _cdf(self, inputs: Array) -> Array:
        if self.approximate == "none":
            return (1 + erf(inputs / sqrt(2))) / 2
        return (1 + tanh_term(inputs)) / 2

    def _pdf(self, inputs: Array) -> Array:
        if self.approximate == "none":
            return array_namespace(inputs).exp(-inputs * inputs / 2) / sqrt(2 * pi)
        d_inner = SCALE * (1 + 3 * CUBIC * inputs * inputs)
        return (1 - tanh_term(inputs) ** 2) / 2 * d_inner

    def __repr__(self) -> str:
        return f"GELU(approximate={self.approximate!r})"


def clipped(inputs: Array) -> Array:
    """Clip the inputs, so that their squares and cubes cannot overflow."""
    return array_namespace(inputs).clip(inputs, -FAR, FAR)


def tanh_term(inputs: Array) -> Array:
    """The tanh that approximates erf(inputs / sqrt(2))."""
    inner = SCALE * (inputs + CUBIC * inputs * inputs * inputs)
    return array_namespace(inputs).tanh(inner)


def erf(values: Array) -> Array:
    """Error function, which the array API standard does not include.

    Uses the array library's erf if there is one (torch), else SciPy's.
    """
    xp = array_namespace(values)
    if hasattr(xp, "erf"):
        return xp.erf(values)
    from scipy.special import erf as scipy_erf  # slow to import, needed only here

    return array_like(scipy_erf(to_numpy(values)), values)
