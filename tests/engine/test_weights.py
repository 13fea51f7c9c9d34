"""Weights of examples: both engines learn from the weighted mean of the losses."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad.layers import Linear
from handgrad.losses import (
    L2,
    Loss,
    MeanSquaredError,
    MulticlassSVM,
    SoftmaxCrossEntropy,
)

from .networks import NETWORKS, Settings, cpu_engine
from .test_cpu import plain_engine

LOSSES = {
    "cross entropy": SoftmaxCrossEntropy(),
    "smoothed": SoftmaxCrossEntropy(0.1),
    "svm": MulticlassSVM(),
    "squared": MeanSquaredError(),
}
CHOSEN = ("perceptron", "softmax regression", "average pooling", "batch norm last")


class Own(Loss):
    """A loss that the engine does not know."""

    def forward(self, logits, targets, weights=None):
        return SoftmaxCrossEntropy().forward(logits, targets, weights)

    def backward(self, cache, /):
        return SoftmaxCrossEntropy().backward(cache)


def weighted(net, count, seed=1):
    """A batch of which some examples weigh nothing and others much."""
    batch = net.batch(count, seed=seed)
    weights = np.resize(np.float32([0, 1, 0.3, 5, 1, 2.5]), len(batch.images))
    return replace(batch, weights=weights)


def assert_alike(engines, batches):
    for step, batch in enumerate(batches, 1):
        found, expected = (engine.train_step(batch, step) for engine in engines)
        assert found.loss == pytest.approx(expected.loss, rel=1e-5)
        assert found.correct == expected.correct
    one, other = (engine.state() for engine in engines)
    for name, value in other.items():
        np.testing.assert_allclose(one[name], value, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("loss", [*LOSSES, "own"])
@pytest.mark.parametrize("name", CHOSEN)
def test_both_engines_learn_the_same(name, loss):
    net, setting = NETWORKS[name], Settings(loss=LOSSES.get(loss, Own()), l2=L2(0.01))
    pair = (cpu_engine(net, setting), plain_engine(net, setting))
    assert_alike(pair, [weighted(net, count, count) for count in (70, 33, 5)])


@pytest.mark.parametrize("loss", LOSSES)
def test_whole_weights_are_repeated_examples(loss):
    net, setting = NETWORKS["perceptron"], Settings(loss=LOSSES[loss])
    batch = net.batch(20)
    counts = np.resize([2, 0, 1, 3], 20)
    weights = np.zeros(len(batch.images), np.float32)
    weights[batch.rows] = counts
    repeated = replace(
        batch, rows=batch.rows.repeat(counts), examples=batch.examples.repeat(counts)
    )
    states = []
    for own in (replace(batch, weights=weights), repeated):
        engine = cpu_engine(net, setting)
        engine.train_step(own, 1)
        states.append(engine.state())
    for name, value in states[0].items():
        np.testing.assert_allclose(states[1][name], value, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize("weight", [1.0, 4.0, 1e-30])
def test_equal_powers_of_two_change_no_bit(name, weight):
    net = NETWORKS[name]
    states = []
    for weights in (None, weight):
        engine, batch = cpu_engine(net, Settings()), net.batch(64)
        if weights is not None:
            own = np.full(len(batch.images), weights, np.float32)
            batch = replace(batch, weights=own)
        states.append((engine.train_step(batch, 1).loss, engine.state()))
    assert states[0][0] == states[1][0]
    for key, array in states[0][1].items():
        assert states[1][1][key].tobytes() == array.tobytes()


def test_a_step_without_weights_forgets_those_of_the_last():
    net = NETWORKS["perceptron"]
    one, two = cpu_engine(net), cpu_engine(net)
    start = one.state()
    one.train_step(weighted(net, 40), 1)
    one.restore(start)
    results = [engine.train_step(net.batch(40), 2) for engine in (one, two)]
    assert results[0] == results[1]
    for key, array in one.state().items():
        assert two.state()[key].tobytes() == array.tobytes()


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_change_no_bit(workers):
    net = NETWORKS["average pooling"]
    first, second = cpu_engine(net), cpu_engine(net, workers=workers)
    for step in (1, 2):
        batch = weighted(net, 70, step)
        assert first.train_step(batch, step) == second.train_step(batch, step)
    for key, array in first.state().items():
        assert second.state()[key].tobytes() == array.tobytes()


def test_an_example_of_weight_zero_has_no_say():
    net = NETWORKS["perceptron"]
    batch = net.batch(30)
    weights = np.ones(len(batch.images), np.float32)
    weights[batch.rows[3]] = 0
    changed = batch.images.copy()
    changed[batch.rows[3]] = 255 - changed[batch.rows[3]]
    one, two = cpu_engine(net), cpu_engine(net)
    one.train_step(replace(batch, weights=weights), 1)
    two.train_step(replace(batch, weights=weights, images=changed), 1)
    assert isinstance(next(reversed(one.model.layers.values())), Linear)
    for key, array in one.state().items():
        assert two.state()[key].tobytes() == array.tobytes()
