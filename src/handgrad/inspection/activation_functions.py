"""Every activation and its gradient, over a range of inputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from handgrad import catalog
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError

FLAT = 0.01  # a slope below this is next to none


@dataclass(frozen=True)
class ActivationCurve:
    """One activation: what it gives, and its slope, at each input.

    Shapes
        inputs, outputs, gradients  (points,), float64
    """

    name: str
    inputs: NumpyArray
    outputs: NumpyArray
    gradients: NumpyArray

    @property
    def steepest(self) -> tuple[float, float]:
        """The largest slope, and the first input that has it."""
        place = int(self.gradients.argmax())
        return float(self.gradients[place]), float(self.inputs[place])

    @property
    def flat_share(self) -> float:
        """The share of the range where the slope is next to none, a fraction."""
        return float(np.mean(np.abs(self.gradients) < FLAT))


def activation_functions(
    names: Sequence[str] = (),
    *,
    low: float = -10.0,
    high: float = 10.0,
    points: int = 2001,
) -> tuple[ActivationCurve, ...]:
    """The curves of the named activations, or of all, from the plain layers."""
    if not low < high or points < 2:
        raise ConfigError(
            f"activation_functions takes a range from low to high and 2 points or "
            f"more, got {low:g} to {high:g} and {points}. Change them."
        )
    inputs = np.linspace(low, high, points)
    return tuple(curve(name, inputs) for name in names or catalog.ACTIVATIONS)


def curve(name: str, inputs: NumpyArray) -> ActivationCurve:
    """One activation; its gradient is its backward pass with `d_outputs` of 1."""
    layer = catalog.build("activation", name, {})
    outputs, cache = layer.forward(inputs[:, None])
    gradients, _ = layer.backward(np.ones_like(outputs), cache)
    return ActivationCurve(name, inputs, outputs[:, 0], gradients[:, 0])
