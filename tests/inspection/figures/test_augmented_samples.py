import numpy as np
import pytest

from handgrad.augmentation import ColorJitter, RandomFlip
from handgrad.datasets.dataset import Split
from handgrad.errors import ConfigError
from handgrad.inspection.figures import augmented_samples
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.models import softmax_regression
from handgrad.optimizers import SGD
from handgrad.training.settings import TrainingSettings
from handgrad.training.trainer import Trainer

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 5), np.uint8)
SPLIT = Split(IMAGES, np.array([2, 0, 2, 2, 0, 2]))
CHANGES = [RandomFlip(), ColorJitter()]


def test_the_first_image_of_each_class_then_what_a_run_trains_on():
    names = ["cat", "cow", "dog"]
    figure = augmented_samples(SPLIT, names, CHANGES, per_class=4, seed=3)
    axes = figure.axes[0]
    shown = [image.get_array().transpose(2, 0, 1) for image in axes.images]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    trainer = Trainer.for_model(
        softmax_regression(input_shape=(3, 4, 5), classes=3),
        SPLIT,
        loss=SoftmaxCrossEntropy(),
        optimizer=SGD(0.1),
        settings=TrainingSettings(epochs=1, batch_size=3, seed=3),
        augmentation=CHANGES,
    )
    for line, row in ((0, 1), (2, 0)):
        np.testing.assert_array_equal(shown[4 * line], IMAGES[row])
        for step in (1, 2, 3):
            batch = trainer.batch(np.array([5, row]), step)
            np.testing.assert_array_equal(shown[4 * line + step], batch.pictures()[1])


def test_no_images_across_are_refused():
    with pytest.raises(ConfigError, match="per_class as an integer of at least 1"):
        augmented_samples(SPLIT, ["a", "b", "c"], CHANGES, per_class=0)
