"""The exercises of the lessons: their solution, arguments, and gradient check.

All arrays of the arguments are float64 or integers, with a different size on each axis,
so that a transposed result shows in its shape.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NumpyArray
from handgrad.lessons import solutions
from handgrad.lessons.solutions import softmax
from handgrad.randomness import Key, normal

Scalar = tuple[Callable[..., float], tuple[NumpyArray, ...]]


@dataclass(frozen=True)
class Exercise:
    """A function to write.

    `solution` is the reference, `results` the names of what it returns, `cases` the
    arguments it is called with. `scalar` takes the arguments of a case and returns a
    function and its arguments; the results are the derivatives of that function with
    respect to each of them.
    """

    solution: Callable[..., Any]
    results: tuple[str, ...]
    cases: Sequence[tuple[Any, ...]]
    scalar: Callable[..., Scalar] | None = None


def draw(name: str, *shape: int) -> NumpyArray:
    """Standard normal numbers, the same at each call."""
    return normal(Key(0).child(name), shape)


LOGITS, TARGETS = draw("logits", 4, 3), np.array([2, 0, 1, 0])
D_OUTPUTS, INPUTS = draw("d_outputs", 4, 3), draw("inputs", 4, 5)
WEIGHT, BIAS = draw("weight", 3, 5), draw("bias", 3)
HIDDEN = 1 / (1 + np.exp(-draw("hidden", 4, 5)))
IMAGES, KERNELS = draw("images", 2, 3, 5, 6), draw("kernels", 4, 3, 2, 3)
D_MAPS, D_POOLED = draw("d_maps", 2, 4, 4, 4), draw("d_pooled", 2, 3, 2, 3)
LARGE = 1000 * LOGITS
WEIGHTS = [draw("first", 5, 4), draw("second", 3, 5), draw("third", 2, 3)]
OUTPUTS = [1 / (1 + np.exp(-draw(f"outputs {size}", 6, size))) for size in (5, 3, 2)]
FEATURES, SLOPES = draw("features", 6, 4), draw("slopes", 6, 4)
SCALE, SHIFT = draw("scale", 4), draw("shift", 4)
GUESSES = softmax(3 * draw("guesses", 12, 3))
CLASSES = np.arange(12) % 3


def sigmoid(inputs: NumpyArray) -> NumpyArray:
    """1 / (1 + exp(-inputs))."""
    return np.asarray(1 / (1 + np.exp(-inputs)))


def dot(left: NumpyArray, right: NumpyArray) -> float:
    """Sum of the products of all entries."""
    return float(np.vdot(left, right))


def _linear(d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray) -> Scalar:
    return lambda x, w, b: dot(d_outputs, x @ w.T + b), (inputs, weight, BIAS)


def _sigmoid(d_outputs: NumpyArray, outputs: NumpyArray) -> Scalar:
    sums = np.log(outputs / (1 - outputs))
    return lambda x: dot(d_outputs, sigmoid(x)), (sums,)


def _perceptron(
    inputs: NumpyArray, hidden: NumpyArray, d_logits: NumpyArray, weight_2: NumpyArray
) -> Scalar:
    weight_1, bias_2 = draw("weight 1", hidden.shape[1], inputs.shape[1]), BIAS
    sums = np.log(hidden / (1 - hidden)) - inputs @ weight_1.T  # the bias, per example

    def value(w1: NumpyArray, b1: NumpyArray, w2: NumpyArray, b2: NumpyArray) -> float:
        return dot(d_logits, sigmoid(inputs @ w1.T + sums + b1) @ w2.T + b2)

    return value, (weight_1, np.zeros(hidden.shape[1]), weight_2, bias_2)


def _conv2d(d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray) -> Scalar:
    bias = np.zeros(len(weight))
    return (
        lambda x, w, b: dot(d_outputs, solutions.conv2d(x, w, b)),
        (inputs, weight, bias),
    )


def _max_pool(d_outputs: NumpyArray, inputs: NumpyArray) -> Scalar:
    def value(x: NumpyArray) -> float:
        batch, channels, height, width = x.shape
        windows = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
        return dot(d_outputs, windows.max(axis=(3, 5)))

    return value, (inputs,)


def _chain(
    d_outputs: NumpyArray, weights: list[NumpyArray], outputs: list[NumpyArray]
) -> Scalar:
    inputs = np.zeros((len(d_outputs), weights[0].shape[1]))

    def value(x: NumpyArray) -> float:
        before = inputs
        for weight, output in zip(weights, outputs, strict=True):
            sums = np.log(output / (1 - output))
            x, before = sigmoid(sums + (x - before) @ weight.T), output
        return dot(d_outputs, x)

    return value, (inputs,)


def _batch_norm(
    d_outputs: NumpyArray, inputs: NumpyArray, weight: NumpyArray, eps: float
) -> Scalar:
    return (
        lambda x, w, b: dot(d_outputs, solutions.batch_norm(x, w, b, eps)),
        (inputs, weight, SHIFT),
    )


EXERCISES = {
    "softmax": Exercise(
        solutions.softmax, ("probabilities",), [(LOGITS,), (LARGE,), (-LARGE,)]
    ),
    "cross_entropy": Exercise(
        solutions.cross_entropy, ("loss",), [(LOGITS, TARGETS), (LARGE, TARGETS)]
    ),
    "cross_entropy_backward": Exercise(
        solutions.cross_entropy_backward,
        ("d_logits",),
        [(LOGITS, TARGETS)],
        lambda logits, targets: (
            lambda z: solutions.cross_entropy(z, targets),
            (logits,),
        ),
    ),
    "linear_backward": Exercise(
        solutions.linear_backward,
        ("d_inputs", "d_weight", "d_bias"),
        [(D_OUTPUTS, INPUTS, WEIGHT)],
        _linear,
    ),
    "sigmoid_backward": Exercise(
        solutions.sigmoid_backward,
        ("d_inputs",),
        [(draw("d_hidden", 4, 5), HIDDEN)],
        _sigmoid,
    ),
    "weight_jacobian": Exercise(
        solutions.weight_jacobian, ("jacobian",), [(HIDDEN[0], 3)]
    ),
    "perceptron_gradients": Exercise(
        solutions.perceptron_gradients,
        ("d_weight_1", "d_bias_1", "d_weight_2", "d_bias_2"),
        [(draw("pixels", 4, 6), HIDDEN, D_OUTPUTS, WEIGHT)],
        _perceptron,
    ),
    "softplus": Exercise(solutions.softplus, ("outputs",), [(LOGITS,), (LARGE,)]),
    "softplus_backward": Exercise(
        solutions.softplus_backward,
        ("d_inputs",),
        [(D_OUTPUTS, LOGITS)],
        lambda d_outputs, inputs: (
            lambda x: dot(d_outputs, solutions.softplus(x)),
            (inputs,),
        ),
    ),
    "scale_backward": Exercise(
        solutions.scale_backward,
        ("d_inputs", "d_weight"),
        [(SLOPES, FEATURES, SCALE)],
        lambda d_outputs, inputs, weight: (
            lambda x, w: dot(d_outputs, x * w),
            (inputs, weight),
        ),
    ),
    "output_size": Exercise(
        solutions.output_size, ("size",), [(28, 5, 1, 2), (28, 2, 2, 0), (7, 3, 2, 0)]
    ),
    "conv2d": Exercise(
        solutions.conv2d, ("outputs",), [(IMAGES, KERNELS, draw("bias", 4))]
    ),
    "conv2d_backward": Exercise(
        solutions.conv2d_backward,
        ("d_inputs", "d_weight", "d_bias"),
        [(D_MAPS, IMAGES, KERNELS)],
        _conv2d,
    ),
    "max_pool_backward": Exercise(
        solutions.max_pool_backward,
        ("d_inputs",),
        [(D_POOLED, draw("maps", 2, 3, 4, 6))],
        _max_pool,
    ),
    "he_deviation": Exercise(
        solutions.he_deviation, ("deviation",), [((64, 784),), ((16, 6, 5, 5),)]
    ),
    "saturated_fraction": Exercise(
        solutions.saturated_fraction, ("fraction",), [(sigmoid(LARGE / 200), 0.01)]
    ),
    "chain_backward": Exercise(
        solutions.chain_backward,
        ("d_inputs",),
        [(draw("d_last", 6, 2), WEIGHTS, OUTPUTS)],
        _chain,
    ),
    "momentum_step": Exercise(
        solutions.momentum_step,
        ("parameter", "velocity"),
        [(WEIGHT, draw("velocity", 3, 5), draw("gradient", 3, 5), 0.1, 0.9)],
    ),
    "adam_step": Exercise(
        solutions.adam_step,
        ("parameter", "mean", "mean_square"),
        [
            (WEIGHT, 0 * WEIGHT, 0 * WEIGHT, draw("gradient", 3, 5), 1, 0.001),
            (WEIGHT, WEIGHT / 9, WEIGHT**2, draw("gradient", 3, 5), 7, 0.01),
        ],
    ),
    "cosine_rate": Exercise(
        solutions.cosine_rate,
        ("rate",),
        [(1, 100, 0.1), (40, 100, 0.1), (101, 100, 0.1), (150, 100, 0.1)],
    ),
    "dropout": Exercise(
        solutions.dropout, ("outputs",), [(FEATURES, draw("mask", 6, 4) > 0, 0.3)]
    ),
    "batch_norm": Exercise(
        solutions.batch_norm, ("outputs",), [(FEATURES, SCALE, SHIFT, 1e-5)]
    ),
    "batch_norm_backward": Exercise(
        solutions.batch_norm_backward,
        ("d_inputs", "d_weight", "d_bias"),
        [(SLOPES, FEATURES, SCALE, 1e-5)],
        _batch_norm,
    ),
    "confusion_matrix": Exercise(
        solutions.confusion_matrix, ("counts",), [(CLASSES, GUESSES.argmax(axis=1), 4)]
    ),
    "precision_and_recall": Exercise(
        solutions.precision_and_recall,
        ("precision", "recall"),
        [(np.array([[5, 2, 0], [1, 7, 0], [3, 1, 0]]),)],
    ),
    "worst_mistakes": Exercise(
        solutions.worst_mistakes, ("rows",), [(GUESSES, CLASSES, 3)]
    ),
}
