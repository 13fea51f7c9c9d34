import gc
import tracemalloc

import numpy as np
import pytest

from handgrad import models
from handgrad.datasets.normalization import unit
from handgrad.engine.engine import Batch
from handgrad.engine.plain import PlainEngine
from handgrad.engine.trial_step import step_bytes, trial_images
from handgrad.losses import L2, SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam

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


def freed(engine, batch_size, images=0):
    """Planned bytes of what a step allocates and frees."""
    plan = engine.planned_bytes(batch_size, images)
    return plan.total - plan.between_steps


@pytest.mark.parametrize(("name", "options", "batch", "shape"), CASES)
def test_two_small_steps_predict_the_memory_of_a_large_one(name, options, batch, shape):
    engine = engine_for(name, options, shape)
    foreseen = freed(engine, batch)
    rows = np.arange(batch)
    images = np.zeros((batch, *shape), dtype=np.uint8)
    whole = Batch(images, rows % 10, rows, rows)
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
    engine = engine_for("lenet", {}, (1, 28, 28))
    assert freed(engine, 1, 10_000) > 10 * freed(engine, 1)
    limit = freed(engine, 1, 256)
    assert freed(engine, 1, 10_000) == pytest.approx(limit, rel=0.01)


def test_a_trial_leaves_everything_as_it_was():
    engine = engine_for("lenet", {}, (1, 28, 28))
    before = engine.state()
    freed(engine, 8)
    assert not tracemalloc.is_tracing()
    assert engine.finished(1) is None
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
    freed(engine, 8)
    after = engine.state()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_the_highest_of_several_calls_depends_on_the_number_of_images():
    def step(count, between):
        between()
        np.zeros(3_000_000, np.uint8)  # as an update of weights
        between()
        np.zeros(100_000 * count, np.uint8)  # as a convolution

    assert step_bytes(step, 1, 2, 0) == pytest.approx(3_000_000, rel=0.01)
    assert step_bytes(step, 1, 100, 0) == pytest.approx(10_000_000, rel=0.01)
    assert step_bytes(step, 1, 2, 50) == pytest.approx(3_000_000, rel=0.01)
    assert step_bytes(step, 2, 2, 50) == pytest.approx(5_000_000, rel=0.01)
    assert trial_images(2) == 2
    assert trial_images(100) == 32
