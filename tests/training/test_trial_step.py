import gc
import tracemalloc

import numpy as np
import pytest

from handgrad import models
from handgrad.datasets import Split
from handgrad.datasets.normalization import unit
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.training.trial_step import step_bytes

CASES = [
    (name, options, batch, shape)
    for name, options, shape in (
        ("softmax_regression", {}, (1, 28, 28)),
        ("mlp", {"hidden_sizes": [300, 100]}, (1, 28, 28)),
        ("lenet", {}, (1, 28, 28)),
        ("lenet", {"activation": "relu", "pooling": "max"}, (3, 32, 32)),
    )
    for batch in (16, 48, 128)
]


def engine_for(name, options, shape):
    model = getattr(models, name)(input_shape=shape, **options)
    loss, l2 = SoftmaxCrossEntropy(), L2(1e-4, 0.5)
    return PlainEngine(
        model,
        loss,
        Adam(0.001),
        unit(shape[0]),
        input_shape=shape,
        l2=l2,
        clip_norm=1.0,
    )


def split_of(count, shape):
    images = np.zeros((count, *shape), dtype=np.uint8)
    return Split(images, np.arange(count) % 10)


@pytest.mark.parametrize(("name", "options", "batch", "shape"), CASES)
def test_two_small_steps_predict_the_memory_of_a_large_one(name, options, batch, shape):
    engine, train = engine_for(name, options, shape), split_of(batch, shape)
    foreseen = step_bytes(engine, train, batch, 0)
    rows = np.arange(batch)
    whole = Batch(train.images, train.targets, rows, rows)
    gc.collect()
    tracemalloc.start()
    engine.train_step(whole, 1)
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    engine.train_step(whole, 2)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert foreseen == pytest.approx(peak, rel=0.05, abs=2**16)


def test_a_prediction_of_many_images_may_be_what_takes_the_most():
    engine, train = engine_for("lenet", {}, (1, 28, 28)), split_of(8, (1, 28, 28))
    alone = step_bytes(engine, train, 1, 0)
    assert step_bytes(engine, train, 1, 10_000) > 10 * alone
    limit = step_bytes(engine, train, 1, 256)
    assert step_bytes(engine, train, 1, 10_000) == pytest.approx(limit, rel=0.01)


def test_a_trial_leaves_everything_as_it_was():
    engine, train = engine_for("lenet", {}, (1, 28, 28)), split_of(8, (1, 28, 28))
    layers, before = engine.model.layers, engine.state()
    step_bytes(engine, train, 8, 0)
    assert engine.model.layers is layers
    assert not tracemalloc.is_tracing()
    after = engine.state()
    assert after.keys() == before.keys()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_running_statistics_are_put_back():
    layers = [{"name": "batch_norm2d"}, {"name": "flatten"}]
    rows = [*layers, {"name": "linear", "out_features": 10}]
    model = models.from_layers(layers=rows, input_shape=(1, 8, 8), classes=10)
    engine = PlainEngine(
        model, SoftmaxCrossEntropy(), SGD(0.1), unit(1), input_shape=(1, 8, 8)
    )
    before = engine.state()
    step_bytes(engine, split_of(8, (1, 8, 8)), 8, 0)
    after = engine.state()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_weights_of_zero_are_allowed():
    engine = engine_for("softmax_regression", {}, (1, 8, 8))
    split = split_of(64, (1, 8, 8))
    weights = np.zeros(64, np.float32)
    weights[-1] = 1
    found = step_bytes(engine, Split(split.images, split.targets, weights), 64, 0)
    assert found >= step_bytes(engine, split, 64, 0)
