"""How many units are so far out on their curve that next to no gradient passes.

Source
    Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, section 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from handgrad import layers, models
from handgrad.arrays import NumpyArray
from handgrad.errors import ConfigError
from handgrad.layers import Sequential
from handgrad.ranges import check_positive

BOUND = 0.01
SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
ACTIVATIONS = (layers.ReLU, layers.LeakyReLU, layers.GELU, layers.Tanh, layers.Sigmoid)


@dataclass(frozen=True)
class SaturationRow:
    """One activation layer on one batch.

    Units
        share       the fraction of (example, unit) pairs with |slope| below the bound
        dead        the fraction of units below it for every example
        mean_slope  the mean of |slope|
    """

    layer: str
    kind: str
    share: float
    dead: float
    mean_slope: float


@dataclass(frozen=True)
class ScaleRow:
    """A fresh network whose initial weights have this standard deviation."""

    scale: float
    layers: tuple[SaturationRow, ...]


def saturation(
    model: Sequential, inputs: NumpyArray, *, bound: float = BOUND
) -> tuple[SaturationRow, ...]:
    """Every activation layer of a network that predicts, by its own backward pass.

    Shapes
        inputs  (batch, ...), normalised as the network takes them
    """
    check_positive("saturation", "bound", bound)
    rows, outputs = [], inputs
    for name, layer in model.layers.items():
        outputs, cache = layer.forward(outputs)
        if isinstance(layer, ACTIVATIONS):
            slopes = np.abs(layer.backward(np.ones_like(outputs), cache)[0])
            flat = slopes < bound
            row = SaturationRow(
                layer=name,
                kind=type(layer).__name__,
                share=float(flat.mean()),
                dead=float(flat.all(axis=0).mean()),
                mean_slope=float(slopes.mean(dtype=np.float64)),
            )
            rows.append(row)
    if not rows:
        raise ConfigError(
            "saturation looks at activations, and this network has none in its own "
            "list of layers. Give a network with some, such as an mlp."
        )
    return tuple(rows)


def saturation_by_scale(
    build: Callable[[float], Sequential],
    inputs: NumpyArray,
    *,
    scales: Sequence[float] = SCALES,
    bound: float = BOUND,
) -> tuple[ScaleRow, ...]:
    """Fresh networks, one for each standard deviation of the initial weights.

    Example
        saturation_by_scale(deep((1, 8, 8), 10), inputs)
    """
    return tuple(
        ScaleRow(scale, saturation(build(scale), inputs, bound=bound))
        for scale in scales
    )


def deep(
    input_shape: Sequence[int],
    classes: int,
    *,
    activation: str = "sigmoid",
    hidden_sizes: Sequence[int] = (64, 64, 64),
    seed: int = 0,
) -> Callable[[float], Sequential]:
    """A function from the scale of normal initial weights to a network."""

    def build(scale: float) -> Sequential:
        return models.mlp(
            hidden_sizes=hidden_sizes,
            activations=activation,
            initializer={"name": "normal", "std": scale},
            input_shape=tuple(input_shape),
            classes=classes,
            seed=seed,
        )

    return build
