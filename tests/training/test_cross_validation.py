"""Cross-validation: folds, and predictions by networks that never saw the image."""

import numpy as np
import pytest

from handgrad.datasets import Dataset, Split, load
from handgrad.errors import ConfigError
from handgrad.randomness import Key
from handgrad.training import config_from
from handgrad.training.build import assemble
from handgrad.training.cross_validation import folds_of, held_out_logits
from handgrad.training.train_to_best import train_to_best
from handgrad.training.trained_network import TrainedNetwork

TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8]},
    "model": {"name": "softmax_regression"},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"epochs": 2, "batch_size": 64, "early_stopping": 1},
}


@pytest.fixture(scope="module")
def digits():
    whole = load("digits", image_size=(8, 8))
    train = whole.train.take(np.arange(300))
    return Dataset("digits", train, whole.test, whole.class_names, "")


@pytest.mark.parametrize("folds", [2, 3, 10])
def test_folds_are_even_in_every_class(folds):
    targets = np.repeat([0, 1, 2, 3], [50, 3, 27, 2])
    found = folds_of(targets, folds, Key(3))
    for target in range(4):
        counts = np.bincount(found[targets == target], minlength=folds)
        assert counts.max() - counts.min() <= 1
    sizes = np.bincount(found, minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    assert (found == folds_of(targets, folds, Key(3))).all()
    assert (found != folds_of(targets, folds, Key(4))).any()


def test_an_image_alone_in_its_class_is_in_no_fold():
    assert folds_of(np.array([0, 1, 1, 1, 0, 2]), 2, Key(0))[5] == -1


def test_logits_are_those_of_a_network_trained_without_the_fold(digits):
    config, told = config_from(TABLES), []
    found = held_out_logits(
        config, digits, folds=3, on_epoch=lambda fold, record: told.append(fold)
    )
    assert told == [0, 0, 1, 1, 2, 2]
    place = folds_of(digits.train.targets, 3, Key(0).child("folds"))
    others = digits.train.take(np.flatnonzero(place != 1))
    tables = {**TABLES, "training": {"epochs": 2, "batch_size": 64}}
    tables["dataset"] = {**TABLES["dataset"], "validation": "none"}
    part = Dataset("digits", others, None, digits.class_names, "")
    parts = assemble(config_from(tables), part)
    train_to_best(parts.trainer, parts.model, lambda record: None)
    network = TrainedNetwork(parts.model, parts.config)
    rows = np.flatnonzero(place == 1)
    expected = network.logits(digits.train.images[rows])
    np.testing.assert_array_equal(found[rows], expected)


def test_an_image_alone_in_its_class_is_not_predicted(digits):
    targets = digits.train.targets.copy()
    targets[targets == 9] = 8
    targets[0] = 9
    train = Split(digits.train.images, targets)
    alone = Dataset("digits", train, None, digits.class_names, "")
    found = held_out_logits(config_from(TABLES), alone, folds=2, epochs=1)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1:]).all()


@pytest.mark.parametrize("folds", [1, 0, -2, 301])
def test_a_wrong_number_of_folds_is_refused(digits, folds):
    with pytest.raises(
        ConfigError, match=f"2 to 300 folds for 300 images, got {folds}. Give.* 4"
    ):
        held_out_logits(config_from(TABLES), digits, folds=folds)


def test_the_suggested_number_of_folds_is_possible(digits):
    few = Dataset("few", digits.train.take(np.arange(3)), None, digits.class_names, "")
    with pytest.raises(ConfigError, match=r"got 4\. Give, .* 3 \(--folds 3\)\."):
        held_out_logits(config_from(TABLES), few, folds=4)
