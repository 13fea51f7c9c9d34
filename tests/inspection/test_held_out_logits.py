"""Logits of all images, by networks that were not trained on them."""

from dataclasses import replace

import numpy as np
import pytest

from handgrad.datasets import Split, load
from handgrad.errors import ConfigError
from handgrad.inspection.held_out_logits import dataset_of, logits_of, parts_of
from handgrad.training import config_from, start
from handgrad.training import load as load_run

TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8]},
    "model": {"name": "softmax_regression"},
    "training": {"epochs": 1, "batch_size": 64},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    for _ in start(config_from(TABLES), folder):
        pass
    return folder


def test_test_images_are_judged_by_the_network_of_the_run(run):
    network, told = load_run(run), []
    dataset = dataset_of(network, run, None, None)
    parts = parts_of(dataset)
    assert list(parts) == ["train", "test"]
    found = logits_of(network, dataset, 2, None, told.append)
    count = len(parts["train"])
    assert found.shape == (count + len(parts["test"]), 10)
    assert np.isfinite(found).all()
    expected = network.logits(parts["test"].images)
    np.testing.assert_array_equal(found[count:], expected)
    own = network.logits(parts["train"].images)
    assert (found[:count] != own).any(axis=1).all()
    starts = [line.partition(":")[0] for line in told]
    assert starts == ["fold 1 of 2 trained", "fold 2 of 2 trained"]


def test_test_images_of_a_class_without_training_images_are_not_judged(run):
    network = load_run(run)
    whole = load("digits", image_size=(8, 8))
    rows = np.flatnonzero(whole.train.targets != 9)[:200]
    test = Split(whole.test.images[:40], whole.test.targets[:40])
    some = replace(whole, train=whole.train.take(rows), test=test)
    found = logits_of(network, some, 2, 1, None)[200:]
    is_judged = np.isfinite(found).all(axis=1)
    np.testing.assert_array_equal(is_judged, test.targets != 9)
    assert not is_judged.all()


def test_vectors_are_refused(run, tmp_path):
    import handgrad as hg

    vectors = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    hg.Classifier("mlp", epochs=1, run=tmp_path / "run").fit(vectors, [0, 1] * 10)
    network = load_run(tmp_path / "run")
    with pytest.raises(ConfigError, match="takes images"):
        dataset_of(network, tmp_path / "run", None, None)
