import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from handgrad.engine.engine import Batch
from handgrad.engine.training_program import LOSSES, TrainingProgram
from handgrad.errors import ShapeError
from handgrad.losses import Loss, MulticlassSVM
from handgrad.optimizers import SGD, Adam

from .networks import FLATTEN, NETWORKS, Settings, cpu_engine, linear, network
from .test_cpu import values_of

COMPILED = [
    "deep",
    "lenet",
    "average pooling",
    "dropouts",
    "overlapping pooling",
    "strides and pairs",
    "batch norm of pictures",
]


@pytest.mark.parametrize("name", COMPILED)
def test_a_step_allocates_nothing(name):
    """Some small numbers of Python's own, the same after 50 steps as after one."""
    net = NETWORKS[name]
    engine, batch = cpu_engine(net, Settings(optimizer=Adam(0.01))), net.batch(70)
    for step in range(1, 6):
        engine.train_step(batch, step)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for step in range(6, 56):
            engine.train_step(batch, step)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 4_000
    assert peak - before < 8_000


@pytest.mark.parametrize("name", COMPILED)
def test_every_layer_is_shown_by_name(name):
    engine = cpu_engine(NETWORKS[name])
    shown = repr(engine.training.program)
    for layer_name in engine.model.layers:
        kind = layer_name.rsplit("_", 1)[0]
        if kind != "flatten":
            assert layer_name in shown or kind in shown, layer_name
    for parameter in engine.model.parameters():
        assert f"SGD of {parameter}" in shown
    assert "SoftmaxCrossEntropy, forward and backward" in shown


@pytest.mark.parametrize("name", COMPILED)
def test_all_memory_is_aligned_and_has_a_role(name):
    memory = cpu_engine(NETWORKS[name]).training.program.memory
    roles = {
        "settings",
        "activations",
        "gradients",
        "packed weights",
        "parameters",
        "scratch",
        "tables",
    }
    assert {line.role for line in memory.table} <= roles
    assert all(0 <= line.own <= line.bytes for line in memory.table)
    assert max(line.bytes for line in memory.table) <= memory.total_bytes
    assert memory.total_bytes <= memory.page_bytes
    engine = cpu_engine(NETWORKS[name], Settings(optimizer=Adam(0.01)))
    for array in (engine.store.values, *engine.states.values()):
        assert array.ctypes.data % 64 == 0


@pytest.mark.parametrize("name", ["softmax regression", "lenet"])
def test_a_loss_that_is_not_finite_moves_nothing(name):
    net = NETWORKS[name]
    engine = cpu_engine(net, Settings(optimizer=SGD(0.1, momentum=0.9)))
    engine.train_step(net.batch(9), 1)
    values_of(engine)["linear_1.bias"][0] = np.nan
    before = engine.state()
    result = engine.train_step(net.batch(9), 2)
    assert not result.is_finite
    for key, array in engine.state().items():
        np.testing.assert_array_equal(array, before[key])


def test_a_smaller_batch_takes_part_of_the_tiles():
    """So neither what stood in the others before, nor their size, matters."""
    net = NETWORKS["lenet"]
    large, small = cpu_engine(net, batch_size=200), cpu_engine(net, batch_size=33)
    large.train_step(net.batch(200, seed=9), 1)
    large.restore(small.state())
    for engine in (large, small):
        engine.train_step(net.batch(33), 2)
    for name, array in small.state().items():
        np.testing.assert_allclose(large.state()[name], array, rtol=0, atol=1e-6)


def test_a_larger_batch_than_planned_is_refused():
    net = NETWORKS["perceptron"]
    engine = cpu_engine(net, batch_size=33)
    with pytest.raises(ShapeError, match=r"of 1 to 33 examples, got 34\. Make it"):
        engine.train_step(net.batch(34), 1)


def test_rows_are_looked_up_and_examples_are_numbers_for_draws():
    net = NETWORKS["dropouts"]
    batch = net.batch(20)
    copied = Batch(
        batch.images[batch.rows].copy(),
        batch.targets[batch.rows].copy(),
        np.arange(20, dtype=np.int64),
        batch.examples,
    )
    first, second = cpu_engine(net), cpu_engine(net)
    assert first.train_step(batch, 1) == second.train_step(copied, 1)
    other = Batch(batch.images, batch.targets, batch.rows, batch.examples + 1)
    assert cpu_engine(net).train_step(other, 1) != cpu_engine(net).train_step(batch, 1)


class SumOfSquares(Loss):
    """A loss of a user's own: half the mean of the logits' squares."""

    def forward(self, logits, targets):
        return float((logits.astype(np.float64) ** 2).sum() / 2 / len(logits)), logits

    def backward(self, cache):
        return cache / len(cache)


def test_a_users_own_loss_runs_by_its_own_methods():
    net = network(FLATTEN, linear(4))
    engine = cpu_engine(net, Settings(loss=SumOfSquares()), workers=2)
    batch = net.batch(50)
    logits = engine.logits(batch.images[batch.rows]).astype(np.float64)
    result = engine.train_step(batch, 1)
    assert SumOfSquares not in LOSSES
    assert result.loss == pytest.approx((logits**2).sum() / 100, rel=1e-6)
    assert result.correct == np.count_nonzero(
        logits.argmax(axis=1) == batch.targets[batch.rows]
    )
    np.testing.assert_allclose(
        values_of(engine)["linear_1.bias"], -0.1 * logits.mean(axis=0), atol=1e-6
    )


def test_gradients_are_copies():
    net = NETWORKS["perceptron"]
    engine = cpu_engine(net)
    program = TrainingProgram(engine, keep_gradients=True)
    program.run(net.batch(9), 1)
    first = program.gradients()
    kept = {name: gradient.copy() for name, gradient in first.items()}
    program.run(net.batch(9, seed=1), 2)
    for name, gradient in first.items():
        np.testing.assert_array_equal(gradient, kept[name])
        assert (gradient != program.gradients()[name]).any()


def test_a_hinge_of_exactly_zero_pushes_nothing():
    """All images have the logits of the bias; half of the wrong classes just reach."""
    net = network(FLATTEN, linear(4))
    engine = cpu_engine(net, Settings(loss=MulticlassSVM()), keep=True)
    engine.model.parameters()["linear_1.weight"].value[...] = 0
    engine.model.parameters()["linear_1.bias"].value[...] = (2, 1, 1.25, -5)
    batch = replace(net.batch(50), targets=np.zeros(53, np.int64))
    result = engine.train_step(batch, 1)
    assert result.loss == 0.25
    gradient = engine.training.gradients()["linear_1.bias"]
    np.testing.assert_allclose(gradient, [-1, 0, 1, 0], atol=1e-6)
    assert gradient[1] == 0
