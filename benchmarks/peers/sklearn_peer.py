"""The network in scikit-learn's MLPClassifier, trained batch by batch."""

from functools import partial
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from handgrad import layers, optimizers
from handgrad.arrays import NumpyArray
from handgrad.engine.workers import available_cores
from handgrad.inspection.speed.networks import CLASSES
from peers.blas import limit_blas
from peers.task import (
    Step,
    Task,
    Way,
    outer_eps,
    plain_rate,
)

ACTIVATIONS = {
    layers.ReLU: "relu",
    layers.Sigmoid: "logistic",
    layers.Tanh: "tanh",
}


def ways(task: Task) -> dict[str, Way]:
    """`partial_fit`, or the inner loop of `fit`; with one BLAS thread and with all."""
    return {
        f"{name}, BLAS on {threads}": Way(
            partial(make, task), threads, partial(limit_blas, threads)
        )
        for name, make in (("partial_fit", make_step), ("inside of fit", make_inner))
        for threads in sorted({1, available_cores()})
    }


def make_step(task: Task) -> Step:
    """A step that calls `partial_fit`, which validates every batch."""
    classifier = translate(task)
    inputs, targets = task.rows, task.targets

    def step(rows: NumpyArray) -> float:
        classifier.partial_fit(np.take(inputs, rows, axis=0), targets[rows])
        return float(classifier.loss_)

    return step


def make_inner(task: Task) -> Step:
    """A step as in the inner loop of `fit`, after its validation of the data.

    Calls the private methods that `fit` calls in scikit-learn 1.9.
    """
    classifier = translate(task)
    parameters = classifier.coefs_ + classifier.intercepts_
    rule = own_rule(classifier, parameters)
    weights = [np.empty_like(array) for array in classifier.coefs_]
    biases = [np.empty_like(array) for array in classifier.intercepts_]
    activations: list[Any] = [None] * (len(weights) + 1)
    deltas: list[Any] = [None] * len(weights)
    wanted = task.targets[:, None] == classifier.classes_

    def step(rows: NumpyArray) -> float:
        activations[0] = inputs = np.take(task.rows, rows, axis=0)
        loss, *found = classifier._backprop(
            inputs, wanted[rows], None, activations, deltas, weights, biases
        )
        rule.update_params(parameters, [*found[0], *found[1]])
        return float(loss)

    return step


def own_rule(classifier: Any, parameters: list[NumpyArray]) -> Any:
    """The optimizer that `fit` would create."""
    options = classifier.get_params()
    rate = options["learning_rate_init"]
    if options["solver"] == "adam":
        return AdamOptimizer(
            parameters, rate, options["beta_1"], options["beta_2"], options["epsilon"]
        )
    nesterov = options["nesterovs_momentum"]
    return SGDOptimizer(
        parameters, rate, momentum=options["momentum"], nesterov=nesterov
    )


def translate(task: Task) -> Any:
    """The classifier with copies of the parameters."""
    pieces = task.pieces()
    dense = [
        place for place, p in enumerate(pieces) if isinstance(p.layer, layers.Linear)
    ]
    classifier = MLPClassifier(
        [pieces[place].layer.out_features for place in dense[:-1]],
        activation=activation_of(task),
        alpha=0.0,
        batch_size=task.batch_size,
        shuffle=False,
        **translate_optimizer(task),
    )
    few = slice(task.batch_size)
    classes = np.arange(CLASSES)
    classifier.partial_fit(task.rows[few], task.targets[few], classes=classes)
    for index, place in enumerate(dense):
        weight = task.dense_weight(place)
        classifier.coefs_[index] = weight
        classifier.intercepts_[index] = pieces[place].array("bias")
    del classifier._optimizer  # discard the state of that first call
    return classifier


def activation_of(task: Task) -> str:
    """The activation of all hidden layers; ConfigError if they differ."""
    own = (layers.Linear, layers.Flatten)
    between = [p.layer for p in task.pieces() if not isinstance(p.layer, own)]
    names = {ACTIVATIONS.get(type(layer)) for layer in between}
    if len(names) > 1 or None in names:
        raise task.refuse("scikit-learn", between[0])
    return names.pop() if names else "relu"


def translate_optimizer(task: Task) -> dict[str, Any]:
    """The optimizer as options of the classifier."""
    rule = task.network.build_optimizer()
    options = {"learning_rate_init": plain_rate(rule)}
    match rule:
        case optimizers.SGD() if rule.weight_decay == 0:
            moves = {"momentum": rule.momentum, "nesterovs_momentum": rule.nesterov}
            return {"solver": "sgd", **options, **moves}
        case optimizers.Adam() if rule.weight_decay == 0:
            betas = {"beta_1": rule.beta1, "beta_2": rule.beta2}
            return {"solver": "adam", **options, **betas, "epsilon": outer_eps(rule)}
    raise task.refuse("scikit-learn", rule)
