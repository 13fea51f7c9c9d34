"""How large the gradient is in each layer, and how it fades with depth.

Source
    Hochreiter (1991), Untersuchungen zu dynamischen neuronalen Netzen, chapter 3.
    Glorot, Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, section 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray, Shape
from handgrad.inspection.differentiable import NetworkValue
from handgrad.inspection.gradient_check import norm
from handgrad.layers import Sequential
from handgrad.losses import Loss, SoftmaxCrossEntropy
from handgrad.models import mlp
from handgrad.models.parts import InitializerChoice
from handgrad.randomness import Key
from handgrad.ranges import check_at_least

DEPTHS = (1, 2, 3, 5, 8, 12)
STARTS: dict[str, InitializerChoice] = {  # the usual start of each activation
    "sigmoid": "glorot_uniform",
    "relu": "he_normal",
}


@dataclass(frozen=True)
class FlowRow:
    """One layer with parameters.

    Units
        gradient_norm  Euclidean norm of all gradients of the layer
        weight_norm    Euclidean norm of all its parameters
    """

    layer: str
    kind: str
    gradient_norm: float
    weight_norm: float

    @property
    def ratio(self) -> float:
        """Gradient against parameters: what a learning rate of 1 would change."""
        return self.gradient_norm / self.weight_norm if self.weight_norm else np.inf


@dataclass(frozen=True)
class DepthRow:
    """The weights' gradient norms of one deep network, first layer to last.

    Units
        depth  hidden layers
    """

    activation: str
    depth: int
    norms: tuple[float, ...]

    @property
    def faded(self) -> float:
        """The first layer's gradient norm as a fraction of the last's."""
        return self.norms[0] / self.norms[-1]


def gradient_flow(
    model: Sequential,
    inputs: NumpyArray,
    targets: NumpyArray,
    *,
    loss: Loss[Any] | None = None,
    training: bool = False,
    seed: int = 0,
) -> tuple[FlowRow, ...]:
    """The gradient norm of every layer that has parameters, in float64, on one batch.

    Shapes
        inputs   (batch, ...), normalised as the network takes them
        targets  (batch,)
    """
    value = NetworkValue(
        model,
        loss if loss is not None else SoftmaxCrossEntropy(),
        inputs,
        targets,
        key=Key(seed),
        training=training,
    )
    gradients = value.gradients()
    rows = []
    for name, layer in model.layers.items():
        own = [f"{name}.{parameter}" for parameter in layer.parameters()]
        if own:
            row = FlowRow(
                layer=name,
                kind=type(layer).__name__,
                gradient_norm=norm(gradients[key] for key in own),
                weight_norm=norm(value.point[key] for key in own),
            )
            rows.append(row)
    return tuple(rows)


def depth_flow(
    inputs: NumpyArray,
    targets: NumpyArray,
    *,
    depths: Sequence[int] = DEPTHS,
    activations: Sequence[str] = tuple(STARTS),
    hidden: int = 64,
    seed: int = 0,
) -> tuple[DepthRow, ...]:
    """Fresh networks of growing depth, each with its activation's usual start.

    A sigmoid's slope is at most 1/4, so blame shrinks at least by that factor times
    the weights' reach in each layer; ReLU's slope is 1 wherever it is open.
    """
    shape: Shape = tuple(inputs.shape[1:])
    rows = []
    for activation in activations:
        for depth in depths:
            check_at_least("depth_flow", "depths", depth, 1)
            model = mlp(
                hidden_sizes=[hidden] * depth,
                activations=activation,
                initializer=STARTS.get(activation, "glorot_uniform"),
                input_shape=shape,
                classes=int(targets.max()) + 1,
                seed=seed,
            )
            norms = [row.gradient_norm for row in gradient_flow(model, inputs, targets)]
            rows.append(DepthRow(activation, depth, tuple(norms)))
    return tuple(rows)


def depth_finding(rows: Sequence[DepthRow]) -> str:
    """What the deepest networks say, in words from the numbers."""
    deepest = max(row.depth for row in rows)
    parts = [
        f"{row.activation}: {row.faded:.1e}" for row in rows if row.depth == deepest
    ]
    layers = "layer" if deepest == 1 else "layers"
    return (
        f"With {deepest} hidden {layers} the first layer's gradient norm is this "
        f"fraction of the last's: {', '.join(parts)}."
    )
