"""Mixed images and labels: both engines learn the same, and refuse what is unfit."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad.augmentation import CutMix, Mixup
from handgrad.errors import ConfigError, ShapeError
from handgrad.losses import Loss, MeanSquaredError, MulticlassSVM, SoftmaxCrossEntropy
from handgrad.randomness import Key

from .networks import NETWORKS, Settings, cpu_engine
from .test_cpu import plain_engine
from .test_weights import assert_alike

NET = NETWORKS["average pooling"]


class Own(Loss):
    """A loss that the engine does not know, for class numbers and soft labels."""

    takes_soft_targets = True

    def forward(self, logits, targets, weights=None):
        return SoftmaxCrossEntropy().forward(logits, targets, weights)

    def backward(self, cache, /):
        return SoftmaxCrossEntropy().backward(cache)


LOSSES = {
    "cross entropy": SoftmaxCrossEntropy(),
    "smoothed": SoftmaxCrossEntropy(0.1),
    "squared": MeanSquaredError(),
    "own": Own(),
}


def mixed(count, seed=1, mixer=None, *, weights=False):
    """A batch with a second image for each, any of the set."""
    batch, mixer = NET.batch(count, seed=seed), mixer or Mixup(1.0)
    key = Key(seed).at(seed, batch.examples)
    mixture = mixer.mixture(key, count, len(batch.images), NET.shape)
    if weights:
        own = np.resize(np.float32([0, 1, 0.3, 5, 1, 2.5]), len(batch.images))
        batch = replace(batch, weights=own)
    return replace(batch, mixture=mixture)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weights", [False, True])
def test_both_engines_learn_the_same(loss, weights):
    setting = Settings(loss=LOSSES[loss])
    mixers = {70: Mixup(1.0), 33: CutMix(), 5: Mixup()}
    batches = [
        mixed(count, count, mixer, weights=weights) for count, mixer in mixers.items()
    ]
    assert_alike((cpu_engine(NET, setting), plain_engine(NET, setting)), batches)


def test_workers_change_no_bit_and_a_step_forgets_the_mixture_of_the_last():
    first, second = cpu_engine(NET), cpu_engine(NET, workers=2)
    for step, batch in enumerate([mixed(70, 1), NET.batch(70), mixed(60, 2)], 1):
        assert first.train_step(batch, step) == second.train_step(batch, step)
    for key, array in first.state().items():
        assert second.state()[key].tobytes() == array.tobytes()
    start = plain_engine(NET, Settings())
    third = cpu_engine(NET)
    start_of_both = third.state()
    third.train_step(mixed(70), 1)
    third.restore(start_of_both)
    assert_alike((third, start), [NET.batch(50)])


@pytest.mark.parametrize("loss", ["cross entropy", "smoothed"])
def test_a_mixture_with_itself_and_whole_shares_changes_no_bit(loss):
    batch = NET.batch(40)
    rows = batch.rows[::-1].copy()
    ones = np.ones(40, np.float32)
    mixture = mixed(40).mixture._replace(rows=rows, shares=ones, blend=ones)
    engines = [cpu_engine(NET, Settings(loss=LOSSES[loss])) for _ in range(2)]
    results = [
        engine.train_step(each, 1)
        for engine, each in zip(
            engines, (batch, replace(batch, mixture=mixture)), strict=True
        )
    ]
    assert results[0] == results[1]
    for key, array in engines[0].state().items():
        assert engines[1].state()[key].tobytes() == array.tobytes()


def test_labels_weights_and_accuracy_are_those_of_the_mixture():
    batch = mixed(6, weights=True)
    mixture = batch.mixture
    soft = batch.labels(NET.classes)
    for n, share in enumerate(mixture.shares.tolist()):
        first, second = batch.rows[n], mixture.rows[n]
        expected = np.zeros(NET.classes)
        expected[batch.targets[first]] += share
        expected[batch.targets[second]] += 1 - share
        np.testing.assert_array_equal(soft[n], expected)
        main = first if share >= 0.5 else second
        assert batch.main_labels()[n] == batch.targets[main]
        weight = share * batch.weights[first] + (1 - share) * batch.weights[second]
        assert batch.example_weights()[n] == pytest.approx(weight, rel=1e-6)
    assert soft.dtype == np.float32


@pytest.mark.parametrize("make", [cpu_engine, plain_engine])
def test_a_loss_of_one_class_refuses_mixed_labels(make):
    engine = make(NET, Settings(loss=MulticlassSVM()))
    with pytest.raises(ConfigError, match=r"takes one class for each\. Use softmax"):
        engine.train_step(mixed(5), 1)


def other(mixture, **changes):
    return mixture._replace(**changes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: other(m, rows=m.rows + 10**6), "rows from 0 to"),
        (lambda m: other(m, rows=m.rows - 10**6), "rows from 0 to"),
        (lambda m: other(m, rows=m.rows.astype(np.int32)), r"takes mixture\.rows as"),
        (lambda m: other(m, shares=m.shares + 1), "shares outside of 0 to 1"),
        (lambda m: other(m, blend=m.blend * np.nan), "shares outside of 0 to 1"),
        (lambda m: other(m, shares=m.shares.astype(float)), "a mixture of float64"),
        (lambda m: other(m, corners=m.corners + 9), "rectangles outside"),
        (lambda m: other(m, corners=m.corners - 1), "rectangles outside"),
        (lambda m: other(m, corners=m.corners[:3]), "a mixture of float32"),
    ],
)
def test_a_mixture_that_does_not_fit_is_refused(change, words):
    batch = mixed(5)
    batch = replace(batch, mixture=change(batch.mixture))
    with pytest.raises(ShapeError, match=words):
        cpu_engine(NET).train_step(batch, 1)


def test_a_program_is_planned_once_for_the_operations_to_come(monkeypatch):
    engine = cpu_engine(NET)
    engine.make_room(1)
    program = engine.training
    engine.train_step(mixed(40), 1)
    engine.train_step(NET.batch(40), 2)
    assert engine.training is program
