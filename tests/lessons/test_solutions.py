"""The solutions agree with the library's layers, losses, optimizers and inspections."""

import numpy as np
import pytest
from sklearn import metrics

from handgrad.initializers import he_normal
from handgrad.inspection.jacobians import jacobians_at
from handgrad.layers import (
    BatchNorm1d,
    Conv2d,
    Linear,
    MaxPool2d,
    Sequential,
    Sigmoid,
    Softmax,
)
from handgrad.lessons import solutions
from handgrad.lessons.exercises import EXERCISES
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.parameter import Parameter
from handgrad.randomness import Key
from handgrad.schedules import cosine
from handgrad.testing import assert_close


def both(name):
    """The arguments of the first case of an exercise, and its solution's results."""
    task = EXERCISES[name]
    return task.cases[0], task.solution(*task.cases[0])


def set_values(layer, **values):
    for name, value in values.items():
        layer.parameters()[name].value = value
    return layer


def assert_all_close(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, 100)


def test_softmax_and_cross_entropy():
    (logits,), probabilities = both("softmax")
    assert_close(probabilities, Softmax().forward(logits)[0], 10)
    (logits, targets), loss = both("cross_entropy")
    expected, cache = SoftmaxCrossEntropy().forward(logits, targets)
    assert loss == pytest.approx(float(expected), rel=1e-14)
    d_logits = both("cross_entropy_backward")[1]
    assert_close(d_logits, SoftmaxCrossEntropy().backward(cache), 10)


def test_linear_and_sigmoid():
    (d_outputs, inputs, weight), found = both("linear_backward")
    layer = set_values(Linear(5, 3), weight=weight, bias=np.zeros(3))
    d_inputs, gradients = layer.backward(d_outputs, inputs)
    assert_all_close(found, (d_inputs, gradients["weight"], gradients["bias"]))
    (d_outputs, outputs), found = both("sigmoid_backward")
    assert_close(found, Sigmoid().backward(d_outputs, outputs)[0], 10)


def test_the_gradients_of_a_perceptron():
    (inputs, hidden, d_logits, weight_2), found = both("perceptron_gradients")
    last = set_values(Linear(5, 3), weight=weight_2, bias=np.zeros(3))
    d_hidden, second = last.backward(d_logits, hidden)
    d_sums, _ = Sigmoid().backward(d_hidden, hidden)
    _, first = Linear(6, 5).backward(d_sums, inputs)
    expected = [*first.values(), *second.values()]
    assert_all_close(found, expected)


def test_the_jacobian_of_a_weight():
    network = Sequential([Linear(4, 5), Sigmoid(), Linear(5, 3)])
    inputs = np.ones((1, 4))
    hidden = Sigmoid().forward(network.layers["linear_1"].forward(inputs)[0])[0][0]
    shown = {one.name: one.value for one in jacobians_at(network, inputs)}
    assert_close(solutions.weight_jacobian(hidden, 3), shown["da2/dW2"], 10)


def test_convolution_and_pooling():
    (inputs, weight, bias), found = both("conv2d")
    layer = set_values(Conv2d(3, 4, (2, 3)), weight=weight, bias=bias)
    outputs, cache = layer.forward(inputs)
    assert_close(found, outputs, 20)
    (d_outputs, _, _), found = both("conv2d_backward")
    d_inputs, gradients = layer.backward(d_outputs, cache)
    assert_all_close(found, (d_inputs, gradients["weight"], gradients["bias"]))
    (d_outputs, inputs), found = both("max_pool_backward")
    pool = MaxPool2d(2)
    assert_close(found, pool.backward(d_outputs, pool.forward(inputs)[1])[0], 1)
    layer = Conv2d(1, 1, 3, stride=2, padding=1)
    shape = layer.output_shape((1, 28, 9))
    assert shape[1:] == tuple(solutions.output_size(n, 3, 2, 1) for n in (28, 9))


def test_batch_norm():
    (inputs, weight, bias, _), found = both("batch_norm")
    layer = set_values(BatchNorm1d(4), weight=weight, bias=bias)
    layer.running_mean.value = np.zeros(4)
    layer.running_var.value = np.ones(4)
    outputs, cache = layer.forward(inputs, training=True)
    assert_close(found, outputs, 20)
    (d_outputs, *_), found = both("batch_norm_backward")
    d_inputs, gradients = layer.backward(d_outputs, cache)
    assert_all_close(found, (d_inputs, gradients["weight"], gradients["bias"]))


def test_optimizers_and_the_cosine():
    (value, velocity, gradient, rate, momentum), found = both("momentum_step")
    parameter, state = Parameter(value), {"velocity": velocity}
    SGD(rate, momentum=momentum).update(parameter, gradient, state, 2)
    assert_all_close(found, (parameter.value, state["velocity"]))
    value, mean, mean_square, gradient, step, rate = EXERCISES["adam_step"].cases[1]
    found = solutions.adam_step(value, mean, mean_square, gradient, step, rate)
    parameter, state = Parameter(value), {"mean": mean, "mean_square": mean_square}
    Adam(rate).update(parameter, gradient, state, step)
    assert_all_close(found, (parameter.value, state["mean"], state["mean_square"]))
    for case in EXERCISES["cosine_rate"].cases:
        expected = cosine(case[2], steps=case[1])(case[0])
        assert solutions.cosine_rate(*case) == pytest.approx(expected, rel=1e-14)


def test_initial_weights():
    drawn = he_normal((300, 200), Key(0)).std()
    assert solutions.he_deviation((300, 200)) == pytest.approx(drawn, rel=0.02)


def test_metrics():
    (targets, predictions, _), counts = both("confusion_matrix")
    labels = range(4)
    expected = metrics.confusion_matrix(targets, predictions, labels=labels)
    assert (counts == expected).all()
    precision, recall = solutions.precision_and_recall(counts)
    options = {"labels": labels, "average": None, "zero_division": 0}
    assert_all_close(
        (precision, recall),
        (
            metrics.precision_score(targets, predictions, **options),
            metrics.recall_score(targets, predictions, **options),
        ),
    )
    (probabilities, targets, count), rows = both("worst_mistakes")
    assert (probabilities[rows].argmax(axis=1) != targets[rows]).all()
    assert (np.diff(probabilities[rows].max(axis=1)) < 0).all()
    assert len(rows) == count
