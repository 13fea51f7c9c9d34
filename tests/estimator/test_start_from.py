"""A classifier that starts from the weights of a run or a saved file."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import handgrad as hg
from handgrad.errors import ConfigError, RunError
from handgrad.network import conv2d, global_average_pool2d, linear, relu
from handgrad.training.freezing import multipliers

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (40, 6, 6), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2)) > 127).astype(int)
LAYERS = [conv2d(3, 3), relu(), conv2d(4, 2), relu(), global_average_pool2d(), linear()]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A file, with another mean than that of the images of the tests."""
    path = tmp_path_factory.mktemp("source") / "source.safetensors"
    dark = IMAGES // 2
    hg.Classifier(LAYERS, epochs=2, engine="plain").fit(dark, LABELS).save(path)
    return path


def values(clf):
    return {name: p.value.copy() for name, p in clf.network_.parameters().items()}


def classifier(source, **settings):
    settings = {"engine": "plain", "epochs": 3, "batch_size": 20, **settings}
    return hg.Classifier(start_from=source, **settings)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_frozen_layers_and_the_normalization_are_those_of_the_source(source, engine):
    before = hg.load(source)
    clf = classifier(source, engine=engine, freeze=1).fit(IMAGES, LABELS + 5)
    assert clf.classes_.tolist() == [5, 6]
    assert clf.trained_.config.model == before.trained_.config.model
    assert clf.trained_.normalization == before.trained_.normalization
    start, ended = values(before), values(clf)
    same = {name for name in ended if np.array_equal(ended[name], start[name])}
    assert same == {"conv2d_1.weight", "conv2d_1.bias"}
    assert multipliers(clf.network_) == {"frozen": ["conv2d_1"]}


def test_a_saved_classifier_and_its_run_keep_what_is_frozen(source, tmp_path):
    how = {"freeze": "all-but-last", "run": tmp_path / "run"}
    clf = classifier(source, **how).fit(IMAGES, LABELS)
    clf.save(tmp_path / "file.safetensors")
    for place in ("run", "file.safetensors"):
        again = hg.load(tmp_path / place)
        np.testing.assert_array_equal(again.logits(IMAGES), clf.logits(IMAGES))
        assert multipliers(again.network_) == {"frozen": ["conv2d_1", "conv2d_2"]}
        before = values(again)
        again.partial_fit(IMAGES, LABELS)
        after = values(again)
        moved = {n for n in after if not np.array_equal(after[n], before[n])}
        assert moved == {"linear_1.weight", "linear_1.bias"}


def test_partial_fit_and_copies_start_from_the_weights_too(source):
    clf = classifier(source, freeze=2)
    for each in (clone(clf), pickle.loads(pickle.dumps(clf))):
        each.partial_fit(IMAGES, LABELS)
        each.set_params(learning_rate=0.5).partial_fit(IMAGES, LABELS)
        start = values(hg.load(source))
        np.testing.assert_array_equal(
            values(each)["conv2d_2.weight"], start["conv2d_2.weight"]
        )
        with pytest.raises(ConfigError, match="continues with freeze=2, got freeze=1"):
            each.set_params(freeze=1).partial_fit(IMAGES, LABELS)


def test_images_of_another_size_fit_a_network_with_global_pooling(source):
    larger = DRAW.integers(0, 256, (40, 9, 7), dtype=np.uint8)
    clf = classifier(source, backbone_multiplier=0.5).fit(larger, LABELS)
    assert clf.input_shape == (1, 9, 7)
    assert multipliers(clf.network_) == {"x 0.5": ["conv2d_1", "conv2d_2"]}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"freeze": 3}, "has 3 layers with weights.*Freeze at most 2"),
        ({"freeze": 0}, "freeze as an integer from 1"),
        ({"freeze": "first"}, "freeze as an integer from 1"),
        ({"backbone_multiplier": 0}, "backbone_multiplier as a number above 0"),
        ({"start_from": None, "freeze": 1}, "freeze only with start_from, got 1"),
        ({"model": "mlp"}, "do not fit: this network"),
    ],
)
def test_settings_that_do_not_fit_are_refused(source, settings, said):
    given = {"start_from": source, "engine": "plain", **settings}
    with pytest.raises(ConfigError, match=said):
        hg.Classifier(**given).fit(IMAGES, LABELS)


def test_a_source_that_is_not_there_is_refused():
    with pytest.raises(RunError, match="nowhere does not exist"):
        classifier("nowhere").fit(IMAGES, LABELS)
