import numpy as np
import pytest
from sklearn.base import clone

from handgrad import Classifier, load
from handgrad.auto.deadline import Deadline
from handgrad.errors import ConfigError
from handgrad.estimator.planning import deadline_of

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
LABELS = np.where(IMAGES.mean(axis=(1, 2)) > 127, 3, 5)


def planned(**settings):
    """A classifier whose plan is small: the other networks lack this option."""
    small = {"engine": "plain", "model_options": {"hidden_sizes": [8]}, "epochs": 3}
    return Classifier("auto", minutes=1, **(small | settings))


def test_a_fit_in_minutes_plans_what_is_not_given():
    clf = planned(batch_size=7).fit(IMAGES, LABELS)
    config = clf.trained_.config
    assert config.training.batch_size == 7
    assert config.training.epochs == clf.n_iter_ == 3
    assert config.optimizer.name == "adamw"
    assert config.schedule.name == "cosine"
    assert config.loss.options["label_smoothing"] == 0.1
    assert config.dataset.validation == 0.2
    assert clf.history_[0].validation_loss is not None
    assert list(clf.classes_) == [3, 5]
    assert clone(clf).get_params()["minutes"] == 1


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (([[1, 0], [1, 1]], [[0, 1], [1, 1]]), set()),
        (([[1, 0], [1, 1]], [[1, 1], [1, 0]]), set()),
        (([[1, 1], [1, 1]], [[0, 0], [0, 0]]), {"random_flip", "random_rotate90"}),
    ],
)
def test_numbered_classes_are_mirrored_if_the_images_say_so(patterns, expected):
    random, labels = np.random.default_rng(0), np.arange(450) % 2
    shown = np.kron(np.array(patterns)[labels], np.ones((8, 8)))
    images = (90 * shown + random.integers(50, 150, shown.shape)).astype(np.uint8)
    clf = Classifier("auto", minutes=1, epochs=1).fit(images, labels + 30)
    found = {row.name for row in clf.trained_.config.dataset.augmentation}
    assert found & {"random_flip", "random_rotate90"} == expected
    assert clf.trained_.config.prediction.with_flip == bool(expected)


def test_what_is_given_stays():
    clf = planned(
        optimizer="sgd",
        learning_rate=0.3,
        schedule="cosine",
        loss="multiclass_svm",
        l2=0.1,
        augment=["random_flip"],
        validation=(IMAGES, LABELS),
        random_state=4,
    ).fit(IMAGES, LABELS)
    config = clf.trained_.config
    assert (config.optimizer.name, config.optimizer.learning_rate) == ("sgd", 0.3)
    assert (config.schedule.name, config.loss.name) == ("cosine", "multiclass_svm")
    assert (config.loss.l2, config.seed) == (0.1, 4)
    assert [row.name for row in config.dataset.augmentation] == ["random_flip"]
    assert config.dataset.validation == "test"
    assert planned(learning_rate=0.3).fit(
        IMAGES, LABELS
    ).trained_.config.optimizer.name == ("adamw")


def test_a_saved_plan_loads_and_predicts_the_same(tmp_path):
    clf = planned(run=tmp_path / "run").fit(IMAGES, LABELS)
    again = load(tmp_path / "run")
    assert np.array_equal(again.logits(IMAGES), clf.logits(IMAGES))


def test_the_deadline_ends_a_fit(monkeypatch):
    monkeypatch.setattr(Deadline, "grant", lambda self, seconds: None)
    monkeypatch.setattr(Deadline, "elapsed", lambda self: 1e9)
    assert planned().fit(IMAGES, LABELS).n_iter_ == 1


def test_vectors_and_a_word_of_the_plan(capsys):
    vectors = IMAGES.reshape(60, -1).astype(float)
    planned(verbose=True).fit(vectors, LABELS)
    assert "vectors of 64 features" in capsys.readouterr().out


def test_without_minutes_nothing_is_planned():
    assert deadline_of({"minutes": None}) is None
    assert deadline_of({"minutes": 2}).seconds == 120
    clf = Classifier("auto", epochs=1, engine="plain").fit(IMAGES, LABELS)
    assert clf.trained_.config.optimizer.name == "adam"


@pytest.mark.parametrize("minutes", [0, -1, "abc", float("nan"), True])
def test_minutes_out_of_range(minutes):
    with pytest.raises(ConfigError, match="minutes as a number above 0"):
        Classifier("auto", minutes=minutes).fit(IMAGES, LABELS)


def test_minutes_need_auto():
    with pytest.raises(ConfigError, match='minutes with the model "auto"'):
        Classifier("lenet", minutes=1).fit(IMAGES, LABELS)


@pytest.mark.parametrize(
    "start",
    [{"start_from": "net"}, {"start_from": "net", "freeze": 99}, {"freeze": 1},
     {"backbone_multiplier": 0.1}],
)  # fmt: skip
def test_a_plan_starts_from_no_other_weights(start):
    with pytest.raises(ConfigError, match=f"its own, got {next(iter(start))} as well"):
        planned(**start).fit(IMAGES, LABELS)
