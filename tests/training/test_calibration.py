"""Calibration of a run: what it changes, and what it leaves alone."""

import shutil

import numpy as np
import pytest

import handgrad as hg
from handgrad.datasets import load as load_data
from handgrad.errors import ConfigError
from handgrad.training import config_from, load, start
from handgrad.training.calibration import calibrate
from handgrad.training.temperature import fit_temperature
from handgrad.training.verify import verify

TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8]},
    "model": {"name": "mlp", "hidden_sizes": [64]},
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "training": {"epochs": 8, "batch_size": 64},
}


def run_of(folder, **tables):
    for _ in start(config_from({**TABLES, **tables}), folder):
        pass
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("runs") / "mlp")


@pytest.fixture
def own(run, tmp_path):
    """A copy of the run, to write to."""
    return shutil.copytree(run, tmp_path / "mlp")


def test_the_run_keeps_the_temperature_and_its_answers(own):
    before = load(own)
    images = load_data("digits", image_size=(8, 8)).test.images
    network, split, found = calibrate(own)
    after = load(own)
    assert found == fit_temperature(before.logits(split.images), split.targets)
    assert after.temperature == network.temperature == found.value != before.temperature
    np.testing.assert_array_equal(after.logits(images), before.logits(images))
    expected = before.logits(images).astype(float) / found.value
    expected = np.exp(expected - expected.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(after.predict_probabilities(images), expected)


def test_the_run_stays_whole_and_can_be_calibrated_again(own):
    first = calibrate(own)[2]
    assert calibrate(own)[2] == first
    verify(own, steps=1)


def test_another_checkpoint_has_no_temperature(tmp_path):
    """At this rate the loss of the last epoch is not the lowest."""
    wild = {"optimizer": {"name": "adam", "learning_rate": 0.5}}
    folder = run_of(tmp_path / "wild", **wild)
    found = calibrate(folder)[2]
    assert load(folder).temperature == found.value
    assert load(folder, "last").temperature == 1


def test_a_saved_file_keeps_it(own, tmp_path):
    network, split, found = calibrate(own)
    network.save(tmp_path / "net.safetensors")
    again = load(tmp_path / "net.safetensors")
    assert again.temperature == found.value
    clf = hg.load(own)
    np.testing.assert_array_equal(
        clf.predict_proba(split.images), again.predict_probabilities(split.images)
    )


def test_other_images_serve_where_there_are_no_validation_images(tmp_path):
    tables = {"dataset": {**TABLES["dataset"], "validation": "none"}}
    folder = run_of(tmp_path / "whole", training={"epochs": 1}, **tables)
    with pytest.raises(ConfigError, match="without validation images"):
        calibrate(folder)


def test_scores_are_not_calibrated(tmp_path):
    folder = run_of(
        tmp_path / "svm", training={"epochs": 1}, loss={"name": "multiclass_svm"}
    )
    with pytest.raises(ConfigError, match="gives probabilities, got multiclass_svm"):
        calibrate(folder)
    assert not (folder / "calibration.json").exists()


def test_a_classifier_is_calibrated_until_it_learns_more():
    digits = load_data("digits")
    clf = hg.Classifier("mlp", epochs=3)
    clf.fit(digits.train.images, digits.train.targets)
    before = clf.predict(digits.test.images)
    assert clf.calibrate(digits.test.images, digits.test.targets) is clf
    found = clf.evaluate(digits.test.images, digits.test.targets)
    assert found.reliability.temperature == clf.trained_.temperature != 1
    np.testing.assert_array_equal(clf.predict(digits.test.images), before)
    clf.partial_fit(digits.train.images, digits.train.targets)
    assert clf.trained_.temperature == 1
