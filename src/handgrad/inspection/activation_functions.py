"""Activation functions and their derivatives over a range of inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from handgrad import catalog
from handgrad.arguments import takes_kinds
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.inspection.result import Rows
from handgrad.inspection.table import Table
from handgrad.ranges import check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FLAT = 0.01  # a slope of smaller magnitude counts as flat


@dataclass(frozen=True)
class ActivationCurve:
    """One activation function: its value and its derivative at each input.

    `name` is its name in the catalogue.

    Shapes
        inputs, outputs, gradients  (points,), float64
    """

    name: str
    inputs: NumpyArray
    outputs: NumpyArray
    gradients: NumpyArray

    @property
    def steepest(self) -> tuple[float, float]:
        """The maximum slope, and the first input at which it occurs."""
        place = int(self.gradients.argmax())
        return float(self.gradients[place]), float(self.inputs[place])

    @property
    def flat_share(self) -> float:
        """The fraction of the inputs at which |slope| is below 0.01."""
        return float(np.mean(np.abs(self.gradients) < FLAT))


@dataclass(frozen=True, repr=False, eq=False)
class ActivationFunctions(Rows[ActivationCurve]):
    """One curve per activation function, over the inputs from `low` to `high`.

    `rows` holds one `ActivationCurve` per function.
    """

    rows: tuple[ActivationCurve, ...]
    low: float
    high: float

    def table(self) -> Table:
        """Value and slope at both ends, and the maximum slope, of each activation."""
        low, high = f"value at {self.low:g}", f"value at {self.high:g}"
        heads = (low, "slope", high, "slope", "max slope", "first at", "flat")
        return Table(
            ("activation", *heads),
            tuple(_cells(curve) for curve in self.rows),
            right=heads,
            below=(f"flat: fraction of the inputs with |slope| < {FLAT:g}.",),
        )

    def figure(self) -> "Figure":
        """One panel per activation function."""
        from handgrad.inspection.figures import activation_functions as drawing

        return drawing.activation_functions(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """`activations`: name, inputs, outputs and gradients of each."""
        return {
            "activations": [
                {
                    "name": curve.name,
                    "inputs": curve.inputs.tolist(),
                    "outputs": curve.outputs.tolist(),
                    "gradients": curve.gradients.tolist(),
                }
                for curve in self.rows
            ]
        }


@takes_kinds
def activation_functions(
    names: Sequence[str] = (),
    *,
    low: float = -10.0,
    high: float = 10.0,
    points: int = 2001,
) -> ActivationFunctions:
    """Values and derivatives of activation functions, computed by the plain layers.

    `names` are names in the catalogue; by default all activations. ConfigError for an
    unknown name or an empty range.

    Units
        low, high  the smallest and the largest input
        points     number of inputs, evenly spaced

    Example
        activation_functions(["relu", "gelu"], low=-3, high=3).figure()

    Source
        Goodfellow, Bengio, Courville (2016), Deep Learning, section 6.3.
    """
    check_count("activation_functions", "points", points, least=2)
    if not low < high:
        raise ConfigError(
            "activation_functions takes a range from low to high, got "
            f"{low:g} to {high:g}. Give a low below high."
        )
    inputs = np.linspace(low, high, points)
    rows = tuple(curve(name, inputs) for name in names or catalog.ACTIVATIONS)
    return ActivationFunctions(rows, low, high)


def curve(name: str, inputs: NumpyArray) -> ActivationCurve:
    """One activation; its derivative is the backward pass with `d_outputs` of 1."""
    layer = catalog.build("activation", name, {})
    outputs, cache = layer.forward(inputs[:, None])
    gradients, _ = layer.backward(np.ones_like(outputs), cache)
    return ActivationCurve(name, inputs, outputs[:, 0], gradients[:, 0])


def _cells(curve: ActivationCurve) -> tuple[str, ...]:
    ends = [
        f"{values[end]:.6g}"
        for end in (0, -1)
        for values in (curve.outputs, curve.gradients)
    ]
    slope, place = curve.steepest
    return curve.name, *ends, f"{slope:.6g}", f"{place:g}", f"{curve.flat_share:.0%}"
