import numpy as np
import pytest

from handgrad.datasets import Split
from handgrad.layers import Flatten, Linear, ReLU, Sequential
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.optimizers import Adam
from handgrad.schedules import constant
from handgrad.training import Trainer, TrainingSettings
from handgrad.training.full_batch import content_order

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (40, 1, 3, 3), dtype=np.uint8)
SPLIT = Split(IMAGES, DRAW.integers(0, 3, 40))
SHUFFLED = SPLIT.take(DRAW.permutation(40))


def test_the_order_follows_from_the_content_alone():
    for part in ("images", "targets"):
        one, other = (getattr(s, part)[content_order(s)] for s in (SPLIT, SHUFFLED))
        assert np.array_equal(one, other)


def test_targets_and_weights_are_part_of_the_content():
    images = np.zeros((4, 1, 1, 1), dtype=np.uint8)
    targets = np.asarray([1, 0, 1, 0])
    weights = np.asarray([1, 2, 3, 4], dtype=np.float32)
    whole = Split(images, targets, weights)
    other = whole.take(np.asarray([2, 3, 0, 1]))
    for part in ("targets", "weights"):
        one, two = (getattr(s, part)[content_order(s)] for s in (whole, other))
        assert np.array_equal(one, two)


def trained(split, batch_size, engine):
    model = Sequential([Flatten(), Linear(9, 8), ReLU(), Linear(8, 3)])
    trainer = Trainer.for_model(
        model,
        split,
        loss=SoftmaxCrossEntropy(),
        optimizer=Adam(constant(0.01)),
        settings=TrainingSettings(epochs=3, batch_size=batch_size),
        engine=engine,
        workers=1,
    )
    for _ in trainer:
        pass
    return model.parameters()["linear_1.weight"].value


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_full_batches_train_alike_in_whatever_order_examples_come(engine):
    one, other = (trained(split, 40, engine) for split in (SPLIT, SHUFFLED))
    assert np.array_equal(one, other)
    one, other = (trained(split, 39, engine) for split in (SPLIT, SHUFFLED))
    assert not np.array_equal(one, other)
