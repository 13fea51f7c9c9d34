"""Several threads with one engine, one program or one model."""

import threading

import numpy as np
import pytest

from handgrad.engine.prediction import predictor

from .networks import NETWORKS, Settings, cpu_engine
from .test_cpu import assert_same_bits, plain_engine

SECONDS = 120
NETWORK = NETWORKS["lenet"]


def at_once(*functions):
    """Run each in a thread of its own; raises what the first of them raised."""
    start, errors = threading.Barrier(len(functions)), []

    def run(function):
        try:
            start.wait(SECONDS)
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in functions]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def predictors():
    model = NETWORK.model()
    program = predictor(model, NETWORK.shape, NETWORK.normalization, 2)
    return {
        "engine": cpu_engine(NETWORK, workers=2).logits,
        "program": program.logits,
        "plain engine": plain_engine(NETWORK, Settings()).logits,
    }


@pytest.mark.parametrize("name", predictors())
def test_four_threads_predict_with_one(name):
    """Each its own images, in several parts, from the first call on."""
    predict = predictors()[name]
    images = [NETWORK.images(1100, seed=number) for number in range(4)]
    found = [None] * 4

    def work(number):
        for _ in range(5):
            found[number] = predict(images[number])

    at_once(*(lambda number=number: work(number) for number in range(4)))
    for number in range(4):
        np.testing.assert_array_equal(found[number], predict(images[number]))


@pytest.mark.parametrize("make", [cpu_engine, plain_engine])
def test_predictions_during_training_leave_its_bits_alone(make):
    """And each sees the parameters between two steps, never within one."""
    engine, alone = make(NETWORK, Settings()), make(NETWORK, Settings())
    images, possible, seen = NETWORK.images(30), set(), []
    for step in range(1, 31):
        possible.add(alone.logits(images).tobytes())
        alone.train_step(NETWORK.batch(70, seed=step), step)
    possible.add(alone.logits(images).tobytes())

    def train():
        for step in range(1, 31):
            engine.train_step(NETWORK.batch(70, seed=step), step)

    def predict():
        seen.extend(engine.logits(images).tobytes() for _ in range(20))

    at_once(train, predict, predict)
    assert_same_bits(engine.state(), alone.state())
    assert len(seen) == 40
    assert set(seen) <= possible


@pytest.mark.parametrize("make", [cpu_engine, plain_engine])
def test_two_threads_train_one_after_the_other(make):
    """Equal batches and steps: any order of whole steps gives the same bits."""
    engine, alone = make(NETWORK, Settings()), make(NETWORK, Settings())
    batch = NETWORK.batch(70)

    def train():
        for _ in range(10):
            engine.train_step(batch, 1)

    at_once(train, train)
    for _ in range(20):
        alone.train_step(batch, 1)
    assert_same_bits(engine.state(), alone.state())


def test_two_engines_train_at_the_same_time():
    engines = [cpu_engine(NETWORK, workers=2) for _ in range(2)]

    def train(engine):
        for step in range(1, 21):
            engine.train_step(NETWORK.batch(70, seed=step), step)

    at_once(*(lambda engine=engine: train(engine) for engine in engines))
    alone = cpu_engine(NETWORK)
    train(alone)
    for engine in engines:
        assert_same_bits(engine.state(), alone.state())


def test_layers_changed_by_another_thread_count_from_the_next_part_on():
    engine, images = cpu_engine(NETWORK), NETWORK.images(1100)
    layer = engine.model.layers["linear_2"]
    parts = []

    def between():
        parts.append(1)
        if len(parts) == 2:
            layer.bias.value = np.arange(4, dtype=np.float32)
            engine.model.layers["linear_2"] = layer.__class__(6, 4, key=None)

    found = engine.logits(images, between)
    np.testing.assert_array_equal(found, engine.logits(images))
