"""Compare layers, losses and update rules with values published by a course.

Every error is the largest difference divided by the largest sum of absolute values, as
in that course; gradients are compared with central differences, in float64.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.inspection.differentiable import (
    Differentiable,
    LayerValue,
    LossValue,
    in_float64,
)
from handgrad.inspection.gradient_check import by_array, largest_error
from handgrad.layers import Dropout, Linear, ReLU, Sequential
from handgrad.losses import MulticlassSVM, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam, Optimizer, RMSProp
from handgrad.parameter import Parameter
from handgrad.randomness import Key, normal, uniform
from handgrad.studies.inspections.output_folder import Place

Table = Sequence[Sequence[float]]

CLASSES, EXAMPLES = 10, 50
TINY = 0.001  # the scale of the logits whose losses are known


def known_layers(
    *, linear_outputs: Table, relu_outputs: Table, seed: int, place: Place
) -> dict[str, float]:
    """Errors of linear, ReLU, both combined, dropout, softmax and SVM loss.

    `linear_outputs` and `relu_outputs` are the course's values for evenly spaced
    inputs; the former were stored in float32 there.
    """
    key = Key(seed)
    linear, relu = known_linear(), np.linspace(-0.5, 0.5, 12).reshape(3, 4)
    wanted = np.asarray(linear_outputs, dtype=np.float32).astype(np.float64)
    rectified, _ = ReLU().forward(relu)
    found = {
        "linear_outputs": largest_error(linear, wanted),
        "relu_outputs": largest_error(rectified, np.asarray(relu_outputs)),
    }
    for name, function in gradients_to_check(key).items():
        errors = by_array(function)
        found |= {f"{name}_d_{_last(array)}": error for array, error in errors.items()}
    return found | losses_of(key)


def known_linear() -> NumpyArray:
    """Two examples of 120 evenly spaced inputs, three outputs, in float64."""
    layer = in_float64(Linear(120, 3, key=Key(0)))
    weight = np.linspace(-0.2, 0.3, 360).reshape(120, 3)
    layer.parameters()["weight"].value = weight.T
    layer.parameters()["bias"].value = np.linspace(-0.3, 0.1, 3)
    outputs: NumpyArray = layer.forward(np.linspace(-0.1, 0.5, 240).reshape(2, 120))[0]
    return outputs


def gradients_to_check(key: Key) -> dict[str, Differentiable]:
    """The layers on random inputs, with the sizes of the course."""
    both = Sequential([Linear(12, 10, key=key.child("both")), ReLU()])
    linear = Linear(6, 5, key=key.child("linear"))
    for name, parameter in {**both.parameters(), **linear.parameters()}.items():
        parameter.value = normal(key.child(name), parameter.shape)

    def value(layer: Linear | ReLU | Sequential | Dropout, *shape: int) -> LayerValue:
        inputs = normal(key.child(repr(layer)), shape)
        return LayerValue(layer, inputs, key=key)

    return {
        "linear": value(linear, 10, 6),
        "relu": value(ReLU(), 10, 10),
        "linear_relu": value(both, 2, 12),
        "dropout": value(Dropout(0.4), 10, 10),
    }


def losses_of(key: Key) -> dict[str, float]:
    """Both losses of tiny logits, near 9 and log(10), and errors of their gradients."""
    logits = TINY * normal(key.child("logits"), (EXAMPLES, CLASSES))
    draws = uniform(key.child("targets"), (EXAMPLES,), 0, CLASSES)
    targets = draws.astype(np.int64)
    found = {}
    for name, loss in (("svm", MulticlassSVM()), ("softmax", SoftmaxCrossEntropy())):
        function = LossValue(loss, logits, targets)
        found[f"{name}_loss"] = function.evaluate(function.point)[0]
        found[f"{name}_d_logits"] = by_array(function)["logits"]
    return found


def update_rules(
    *, weight: Table, velocity: Table, seed: int, place: Place
) -> dict[str, float]:
    """One step of momentum, RMSProp and Adam from evenly spaced numbers.

    `weight` and `velocity` are the course's values after the momentum step; the course
    includes the learning rate in the velocity. The other rules are compared with their
    equations, computed one number at a time.
    """
    momentum, state = stepped(
        SGD(1e-3, momentum=0.9), {"velocity": -_row(0.6, 0.9) / 1e-3}
    )
    rmsprop, _ = stepped(RMSProp(1e-2), {"mean_square": _row(0.6, 0.9)})
    moments = {"mean": _row(0.6, 0.9), "mean_square": _row(0.7, 0.5)}
    adam, _ = stepped(Adam(1e-3), moments, step=6)
    return {
        "momentum_weight": largest_error(momentum, np.ravel(weight)),
        "momentum_velocity": largest_error(
            -1e-3 * state["velocity"], np.ravel(velocity)
        ),
        "rmsprop_weight": largest_error(rmsprop, rmsprop_by_hand()),
        "adam_weight": largest_error(adam, adam_by_hand()),
    }


def stepped(
    rule: Optimizer, state: dict[str, NumpyArray], step: int = 1
) -> tuple[NumpyArray, dict[str, NumpyArray]]:
    """Twenty weights after one step, and the optimizer's state."""
    parameter = Parameter(_row(-0.4, 0.6))
    rule.update(parameter, _row(-0.6, 0.4), state, step)
    return np.asarray(parameter.value), state


def rmsprop_by_hand() -> NumpyArray:
    """RMSProp's equation, one weight at a time."""
    weights = []
    for w, g, square in zip(
        _row(-0.4, 0.6), _row(-0.6, 0.4), _row(0.6, 0.9), strict=True
    ):
        square = 0.99 * square + 0.01 * g * g
        weights.append(w - 0.01 * g / (sqrt(square) + 1e-8))
    return np.array(weights)


def adam_by_hand() -> NumpyArray:
    """Adam's equations at step 6, one weight at a time."""
    weights = []
    rows = (_row(-0.4, 0.6), _row(-0.6, 0.4), _row(0.6, 0.9), _row(0.7, 0.5))
    for w, g, mean, square in zip(*rows, strict=True):
        mean = (0.9 * mean + 0.1 * g) / (1 - 0.9**6)
        square = (0.999 * square + 0.001 * g * g) / (1 - 0.999**6)
        weights.append(w - 0.001 * mean / (sqrt(square) + 1e-8))
    return np.array(weights)


def _row(low: float, high: float) -> NumpyArray:
    return np.linspace(low, high, 20)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
