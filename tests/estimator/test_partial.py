import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.datasets import Split
from handgrad.errors import ConfigError, DatasetError, HandgradError
from handgrad.estimator.partial import Portions, check_same_classes
from handgrad.training import Trainer

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (60, 4, 4), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2)) > 127).astype(int)


def network(engine):
    settings = {
        "epochs": 1,
        "batch_size": 16,
        "engine": engine,
        "workers": 1,
        "learning_rate": 0.02,
    }
    return Classifier("mlp", model_options={"hidden_sizes": [8]}, **settings).fit(
        IMAGES, LABELS
    )


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_each_portion_is_an_epoch_of_one_optimizer(engine):
    clf = network(engine)
    whole = Split(IMAGES[:, None], LABELS.astype(np.int64))
    portions = Portions(clf.trained_, whole.take(np.arange(16)), epochs=1)
    seen = []
    for start in range(0, 60, 20):
        portions.train(whole.take(np.arange(start, start + 20)), seen.append)
    assert [record.epoch for record in seen] == [2, 3, 4]
    assert [record.step for record in seen] == [2, 4, 6]
    state = portions.engine.state()
    assert np.abs(state["optimizer/linear_1.weight/mean"]).max() > 0


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_a_larger_portion_than_the_first_is_taken(engine):
    clf = network(engine)
    whole = Split(IMAGES[:, None], LABELS.astype(np.int64))
    portions = Portions(clf.trained_, whole.take(np.arange(3)))
    before = clf.logits(IMAGES)
    for _ in range(20):
        portions.train(whole, lambda record: None)
    assert not np.array_equal(clf.logits(IMAGES), before)
    assert clf.score(IMAGES, LABELS) > 0.8


@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_after_an_error_the_classifier_is_as_it_was(engine):
    settings = {"batch_size": 16, "engine": engine, "optimizer": "sgd", "workers": 1}
    clf = Classifier("mlp", model_options={"hidden_sizes": [8]}, **settings)
    clf.partial_fit(IMAGES, LABELS)
    before, epochs = clf.logits(IMAGES), clf.n_iter_
    clf.set_params(learning_rate=1e30)
    with pytest.raises(HandgradError):
        clf.partial_fit(IMAGES, LABELS)
    np.testing.assert_array_equal(clf.logits(IMAGES), before)
    assert clf.n_iter_ == epochs == 1
    clf.set_params(learning_rate=0.1).partial_fit(IMAGES, LABELS)
    assert clf.n_iter_ == 2


def test_a_first_call_that_fails_fits_nothing():
    clf = Classifier("mlp", optimizer="sgd", learning_rate=1e30, batch_size=16)
    with pytest.raises(HandgradError):
        clf.partial_fit(IMAGES, LABELS)
    assert not hasattr(clf, "network_")


def test_an_interrupted_portion_changes_nothing(monkeypatch):
    clf = Classifier("mlp", batch_size=16).partial_fit(IMAGES, LABELS)
    before, steps, real = clf.logits(IMAGES), [], Trainer._step

    def step(trainer, *arguments):
        steps.append(arguments)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return real(trainer, *arguments)

    monkeypatch.setattr(Trainer, "_step", step)
    with pytest.raises(KeyboardInterrupt):
        clf.partial_fit(IMAGES, LABELS)
    monkeypatch.undo()
    np.testing.assert_array_equal(clf.logits(IMAGES), before)


@pytest.mark.parametrize("classes", [[0, 1, 2], [100, 200], ["0", "1"], [0]])
def test_other_classes_than_those_of_the_first_call_are_refused(classes):
    clf = Classifier("mlp", batch_size=16).partial_fit(IMAGES, LABELS, classes=[0, 1])
    clf.partial_fit(IMAGES, LABELS, classes=[1, 0])
    with pytest.raises(ConfigError, match="first called with the classes 0, 1, got"):
        clf.partial_fit(IMAGES, LABELS, classes=classes)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (range(10), "5, 6, 7, 8, 9 are new"),
        ([0, 1, 2, 3], "4 is missing"),
        ([*range(1, 5), 9], "9 is new, 0 is missing"),
        (range(2, 20), "5, 6, 7, 8, 9, ... are new, 0, 1 are missing"),
        (list("01234"), "'0', '1', '2', '3', '4' are new, 0, 1, 2, 3, 4 are missing"),
    ],
)
def test_the_classes_that_differ_are_named(classes, said):
    known = np.arange(5)
    check_same_classes(known, np.array([4, 3, 2, 1, 0, 0]))
    said = f"with the classes 0, 1, 2, 3, 4, got other classes: {said}. Omit"
    with pytest.raises(ConfigError) as caught:
        check_same_classes(known, np.asarray(classes))
    assert said in str(caught.value)


def test_labels_of_another_kind_than_the_classes_are_refused():
    clf = Classifier("mlp", batch_size=16)
    with pytest.raises(DatasetError, match=r"label 0, a number.* strings '0', '1'"):
        clf.partial_fit(IMAGES, LABELS, classes=["0", "1"])
