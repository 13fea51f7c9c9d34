"""Float32 inputs and vectors: both engines see the same numbers and learn the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handgrad.augmentation import Cutout, RandomCrop, RandomFlip
from handgrad.augmentation.source_coordinates import Views
from handgrad.datasets.normalization import Normalization, standard, unit
from handgrad.engine.choose import ENGINES, make_engine
from handgrad.engine.engine import Batch
from handgrad.layers import (
    GELU,
    BatchNorm1d,
    Dropout,
    Flatten,
    Linear,
    ReLU,
    Residual,
    Sequential,
    Softmax,
)
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import SGD, Adam
from handgrad.randomness import Key, normal, random_bits
from handgrad.testing.closeness import rounding_bound

from .networks import NETWORKS, network, networks

BOTH = ("uint8", "float32")


def engines(make, normalization, shape, dtype, *, batch_size=70, workers=1, rule=None):
    """The CPU engine and the plain engine of one network."""
    return [
        make_engine(
            *(name, make(), SoftmaxCrossEntropy(), rule or SGD(0.05), normalization),
            input_shape=shape,
            input_dtype=dtype,
            batch_size=batch_size,
            workers=workers,
        )
        for name in ENGINES
    ]


def assert_steps_agree(pair, batches):
    for step, batch in enumerate(batches, 1):
        found, expected = (engine.train_step(batch, step) for engine in pair)
        assert found.loss == pytest.approx(expected.loss, rel=1e-5, abs=1e-6)
    states = [engine.state() for engine in pair]
    for name, value in states[1].items():
        np.testing.assert_allclose(states[0][name], value, rtol=1e-4, atol=3e-5)


def as_floats(net, batch):
    """The same batch with images of float32 of no round size, and what fits them."""
    images = normal(Key(4), batch.images.shape).astype(np.float32) * 3 + 100
    return replace(batch, images=images), standard(images)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_train_on_float_images_alike(name):
    net = NETWORKS[name]
    batch, normalization = as_floats(net, net.batch(40))
    pair = engines(net.model, normalization, net.shape, "float32")
    found, expected = (engine.logits(batch.images) for engine in pair)
    bound = rounding_bound(4000, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)
    results = [engine.train_step(batch, 1) for engine in pair]
    assert results[0].loss == pytest.approx(results[1].loss, rel=1e-5)


@settings(max_examples=15)
@given(net=networks(), count=st.integers(1, 70))
def test_whole_numbers_give_the_same_bits_as_floats(net, count):
    """The first layer sees byte * 1 + 0 and (float + 0) * 1: no rounding differs."""
    assume_bytes = Normalization((0.0,) * net.shape[0], (1 / 255,) * net.shape[0])
    assume(np.array_equal(assume_bytes.scale, np.ones(net.shape[0], np.float32)))
    batch = net.batch(count)
    floats = replace(batch, images=batch.images.astype(np.float32))
    one, _ = engines(net.model, assume_bytes, net.shape, "uint8")
    two, _ = engines(net.model, unit(net.shape[0]), net.shape, "float32")
    assert one.train_step(batch, 1).loss == two.train_step(floats, 1).loss
    for name, array in one.state().items():
        assert two.state()[name].tobytes() == array.tobytes()


VECTORS = {
    "regression": lambda: [Linear(20, 4)],
    "skinny": lambda: [Linear(32, 4)],
    "perceptron": lambda: [Linear(20, 9), ReLU(), Linear(9, 4)],
    "rows": lambda: [Linear(32, 128), ReLU(), Linear(128, 16), GELU(), Linear(16, 4)],
    "flattened": lambda: [Flatten(), Linear(20, 4)],
    "normalized": lambda: [BatchNorm1d(20), Linear(20, 9), ReLU(), Linear(9, 4)],
    "dropped": lambda: [Dropout(0.3), Linear(20, 4)],
    "not dropped": lambda: [Dropout(0.0), Linear(20, 9), ReLU(), Linear(9, 4)],
    "activated": lambda: [GELU(), Linear(20, 4)],
    "softmax": lambda: [Softmax(), Linear(20, 4)],
    "residual": lambda: [Residual(Linear(20, 20)), ReLU(), Linear(20, 4)],
    "one feature": lambda: [Linear(1, 6), ReLU(), Linear(6, 4)],
}


def vectors_of(layers, dtype, count=90):
    """Vectors that the layers take, each feature of a scale of its own."""
    widths = {"skinny": 32, "rows": 32, "one feature": 1}
    features = widths.get(layers, 20)
    if dtype == "uint8":
        return (random_bits(Key(5), (count, features)) % 256).astype(np.uint8)
    scales = np.logspace(-3, 4, features)
    return (normal(Key(5), (count, features)) * scales + 50 * scales).astype(np.float32)


@pytest.mark.parametrize("is_one_for_all", [True, False])
@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("name", VECTORS)
def test_vectors_train_alike(name, dtype, is_one_for_all):
    vectors = vectors_of(name, dtype)
    targets = (random_bits(Key(6), (90,)) % 4).astype(np.int64)
    rows = np.arange(89, 19, -1, dtype=np.int64)
    normalization = standard(vectors)
    if is_one_for_all:
        normalization = Normalization((0.5,), (float(vectors.std()) + 1,))
    pair = engines(
        *(lambda: Sequential(VECTORS[name]()), normalization),
        *(vectors.shape[1:], dtype),
        rule=SGD(0.02),
    )
    found, expected = (engine.logits(vectors) for engine in pair)
    bound = rounding_bound(4000, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)
    batches = [Batch(vectors, targets, part, part) for part in (rows, rows[:7])]
    assert_steps_agree(pair, batches)


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("name", ["perceptron", "rows", "normalized"])
def test_workers_change_no_bit(name, dtype):
    vectors = vectors_of(name, dtype)
    targets = (random_bits(Key(6), (90,)) % 4).astype(np.int64)
    rows, states = np.arange(70), []
    for workers in (1, 3):
        here, _ = engines(
            *(lambda: Sequential(VECTORS[name]()), standard(vectors)),
            *(vectors.shape[1:], dtype),
            workers=workers,
            rule=Adam(0.01),
        )
        for step in (1, 2):
            here.train_step(Batch(vectors, targets, rows, rows), step)
        states.append(here.state())
    for key, array in states[0].items():
        assert states[1][key].tobytes() == array.tobytes()


@pytest.mark.parametrize("name", ["perceptron", "average pooling"])
def test_views_of_float_images_are_changed_copies(name):
    net = NETWORKS[name]
    batch, normalization = as_floats(net, net.batch(30))
    views, key = Views(30, *net.shape[1:]), Key(7).at(1, batch.examples)
    copied = batch.images[batch.rows]
    for change in (RandomCrop(2), RandomFlip(), Cutout(2)):
        change.view(views, key)
        copied = change.apply(copied, key)
    viewed = replace(batch, views=np.ascontiguousarray(views.table))
    targets, places = batch.targets[batch.rows], np.arange(30)
    changed = Batch(copied, targets, places, batch.examples)
    np.testing.assert_array_equal(viewed.pictures(), copied)
    for number in (0, 1):
        first, second = (
            engines(net.model, normalization, net.shape, "float32")[number]
            for _ in range(2)
        )
        first.train_step(viewed, 1)
        second.train_step(changed, 1)
        for key_, array in first.state().items():
            assert second.state()[key_].tobytes() == array.tobytes()


def test_a_prediction_from_floats_does_not_read_bytes():
    """Networks of few outputs read bytes directly; these must not."""
    net = network(*NETWORKS["softmax regression"].rows, shape=(1, 8, 8))
    images = normal(Key(8), (100, 1, 8, 8)).astype(np.float32)
    fast, plain = engines(net.model, unit(1), net.shape, "float32")
    bound = rounding_bound(64, float(np.abs(plain.logits(images)).max()))
    np.testing.assert_allclose(
        fast.logits(images), plain.logits(images), rtol=0, atol=bound
    )
    assert "images, normalized" in repr(fast.prediction.program)
