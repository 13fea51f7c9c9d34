import numpy as np
import pytest

import handgrad as hg
from handgrad.classifier import Classifier
from handgrad.errors import ConfigError, HandgradError
from handgrad.estimator.changes import FIXED, FOLLOWED, for_portions
from handgrad.layers import Flatten, Linear, Sequential
from handgrad.losses import MulticlassSVM
from handgrad.training import config_from, start

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (60, 4, 4), dtype=np.uint8)
LABELS = (IMAGES.mean(axis=(1, 2)) > 127).astype(int)
ENGINES = ["cpu", "plain"]


def classifier(engine="plain", **settings):
    settings = {"batch_size": 16, "optimizer": "momentum", "workers": 1} | settings
    return Classifier(
        "mlp", model_options={"hidden_sizes": [8]}, engine=engine, **settings
    )


def first(engine="plain", **settings):
    return classifier(engine, **settings).partial_fit(IMAGES, LABELS)


def moved(clf, **changes):
    """The largest change of a weight in one more portion."""
    before = {n: p.value.copy() for n, p in clf.network_.parameters().items()}
    clf.set_params(**changes).partial_fit(IMAGES, LABELS)
    after = clf.network_.parameters()
    return max(np.abs(after[n].value - old).max() for n, old in before.items())


@pytest.mark.parametrize("engine", ENGINES)
def test_another_learning_rate_is_followed(engine):
    large, small = (moved(first(engine), learning_rate=r) for r in (0.02, 2e-8))
    assert small < 1e-5 < large
    clf = first(engine)
    moved(clf, learning_rate=2e-8)
    assert clf.history_[-1].learning_rate == 2e-8
    in_table = {"name": "momentum", "learning_rate": 2e-8}
    assert moved(first(engine), optimizer=in_table) < 1e-5


@pytest.mark.parametrize("engine", ENGINES)
def test_setting_what_was_there_changes_no_bit(engine):
    plain, again = first(engine), first(engine)
    plain.partial_fit(IMAGES, LABELS)
    moved(again, learning_rate=0.02, l2=0.0, class_weight=None)
    assert np.array_equal(plain.logits(IMAGES), again.logits(IMAGES))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_velocity_and_the_step_stay(engine):
    """A step without a gradient to speak of still moves along the velocity."""
    clf = first(engine)
    steps = clf.history_[-1].step
    state = clf._portions.engine.state()
    velocity = state["optimizer/linear_1.weight/velocity"]
    clf.set_params(learning_rate=0.01)
    clf._portions.follow(for_portions(clf.get_params(deep=False)))
    kept = clf._portions.engine.state()["optimizer/linear_1.weight/velocity"]
    assert np.abs(kept).max() > 0
    assert np.array_equal(kept, velocity)
    clf.partial_fit(IMAGES, LABELS)
    assert clf.history_[-1].step == 2 * steps


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "changes",
    [
        {"l2": 0.5},
        {"clip_norm": 1e-6},
        {"batch_size": 60},
        {"schedule": "cosine", "epochs": 30},
        {"optimizer": {"name": "momentum", "momentum": 0.5}},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "weight_decay": 0.5}},
        {"augment": ["random_flip"]},
        {"loss": "multiclass_svm"},
        {"label_smoothing": 0.3},
        {"class_weight": {0: 1, 1: 50}},
    ],
)
def test_what_is_followed_gives_other_weights(engine, changes):
    plain, other = first(engine), first(engine)
    for clf, given in ((plain, {}), (other, changes)):
        clf.set_params(**given)
        for _ in range(2):
            clf.partial_fit(IMAGES, LABELS)
    assert not np.array_equal(plain.logits(IMAGES), other.logits(IMAGES))
    set_back = dict.fromkeys(changes)
    assert set(set_back) <= set(FOLLOWED)


def test_momentum_may_begin_later():
    clf = first(optimizer="sgd")
    assert moved(clf, optimizer={"name": "sgd", "momentum": 0.9}) > 0
    assert any("velocity" in name for name in clf._portions.engine.state())


def test_the_new_settings_are_saved_and_used_to_evaluate(tmp_path):
    clf = first()
    moved(clf, learning_rate=0.5, loss="multiclass_svm", workers=2)
    assert isinstance(clf.trained_.loss, MulticlassSVM)
    clf.save(tmp_path / "net.safetensors")
    again = hg.load(tmp_path / "net.safetensors")
    assert (again.learning_rate, again.loss) == (0.5, "multiclass_svm")
    assert again.evaluate(IMAGES, LABELS).loss == clf.evaluate(IMAGES, LABELS).loss


OTHERS = {
    "model": "softmax_regression",
    "model_options": {"hidden_sizes": [9]},
    "normalization": "half",
    "channels": "first",
    "random_state": 1,
    "engine": "cpu",
}
OF_A_START = ("start_from", "freeze", "backbone_multiplier")  # in test_start_from


@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize("name", [name for name in FIXED if name not in OF_A_START])
def test_what_needs_another_network_is_refused_and_changes_nothing(name, is_fitted):
    clf = classifier(epochs=2).fit(IMAGES, LABELS) if is_fitted else first()
    before = clf.logits(IMAGES)
    kept = clf.get_params(deep=False)[name]
    clf.set_params(**{name: OTHERS[name]})
    with pytest.raises(ConfigError, match=f"continues with {name}=.*Call fit"):
        clf.partial_fit(IMAGES, LABELS)
    assert np.array_equal(clf.logits(IMAGES), before)
    epochs = clf.n_iter_
    assert clf.set_params(**{name: kept}).partial_fit(IMAGES, LABELS).n_iter_ > epochs
    anew = {"model_options": None} if name == "model" else {}
    clf.set_params(**anew, **{name: OTHERS[name]}).fit(IMAGES, LABELS)  # takes it
    clf.partial_fit(IMAGES, LABELS)


def test_another_optimizer_is_refused():
    clf = first()
    with pytest.raises(ConfigError, match="continues with optimizer='momentum', got"):
        clf.set_params(optimizer="adam").partial_fit(IMAGES, LABELS)
    clf.set_params(optimizer={"name": "SGD", "momentum": 0.9})  # the same by its name
    clf.partial_fit(IMAGES, LABELS)


def test_a_wrong_setting_leaves_the_one_before():
    clf = first()
    for wrong in ({"learning_rate": -1}, {"loss": "nothing"}, {"augment": "nothing"}):
        kept = clf.get_params(deep=False)
        with pytest.raises(HandgradError):
            clf.set_params(**wrong).partial_fit(IMAGES, LABELS)
        clf.set_params(**{name: kept[name] for name in wrong})
    twin = first()
    for each in (clf, twin):
        each.partial_fit(IMAGES, LABELS)
    assert np.array_equal(clf.logits(IMAGES), twin.logits(IMAGES))


def test_balanced_classes_need_all_examples():
    for clf in (
        classifier(class_weight="balanced"),
        classifier(class_weight="balanced", epochs=1).fit(IMAGES, LABELS),
    ):
        with pytest.raises(ConfigError, match="do not show the class frequencies"):
            clf.partial_fit(IMAGES, LABELS)
        clf.set_params(class_weight={0: 1.0, 1: 2.0}).partial_fit(IMAGES, LABELS)


def test_a_mapping_weighs_every_portion():
    weights = np.where(LABELS == 1, 5.0, 1.0)
    mapped, sampled = (
        classifier(normalization="unit", **given)
        for given in ({"class_weight": {1: 5}}, {})
    )
    for _ in range(3):
        mapped.partial_fit(IMAGES, LABELS)
        sampled.partial_fit(IMAGES, LABELS, sample_weight=weights)
    np.testing.assert_allclose(
        mapped.logits(IMAGES), sampled.logits(IMAGES), rtol=1e-3, atol=1e-4
    )


def test_parameters_of_fit_alone_may_change(tmp_path):
    clf = first()
    plain = first().partial_fit(IMAGES, LABELS)
    given = {"validation": (IMAGES, LABELS), "early_stopping": 3, "verbose": False}
    clf.set_params(**given, run=tmp_path / "run").partial_fit(IMAGES, LABELS)
    assert np.array_equal(clf.logits(IMAGES), plain.logits(IMAGES))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "model",
    [
        Sequential([Flatten(), Linear(16, 2)]),
        lambda shape, classes, seed: Sequential([Flatten(), Linear(16, classes)]),
    ],
)
@pytest.mark.parametrize("seed", [None, np.random.RandomState(0), np.int64(3)])
def test_networks_and_seeds_of_every_kind_go_on(model, seed):
    clf = Classifier(model, batch_size=16, engine="plain", random_state=seed)
    clf.partial_fit(IMAGES, LABELS)
    assert clf.set_params(learning_rate=0.01).partial_fit(IMAGES, LABELS).n_iter_ == 2


def test_a_loaded_classifier_goes_on_with_its_settings(tmp_path):
    tables = {
        "dataset": {"name": "digits", "image_size": [8, 8]},
        "model": {"name": "mlp", "hidden_sizes": [8]},
        "loss": {"name": "softmax_cross_entropy", "l2": 0.01, "l2_factor": 1.0},
        "engine": "plain",
        "training": {"epochs": 1},
    }
    run = start(config_from(tables), tmp_path / "run")
    for _ in run:
        pass
    images, labels = run.parts.train.images[:50], run.parts.train.targets[:50]
    clf = hg.load(tmp_path / "run")
    clf.set_params(learning_rate=0.01).partial_fit(images, labels)
    assert clf.trained_.config.loss.l2_factor == 1.0
    assert clf.trained_.config.optimizer.learning_rate == 0.01
