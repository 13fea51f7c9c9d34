import pickle
import subprocess
import sys
import warnings
from copy import deepcopy

import joblib
import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import handgrad as hg
from handgrad.errors import ConfigError, DatasetError, HandgradError, ShapeError
from handgrad.layers import Flatten, Linear, Sequential, Tanh
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.network import conv2d, dropout, flatten, linear, max_pool2d, relu
from handgrad.optimizers import Adam
from handgrad.schedules import constant
from handgrad.training import Trainer, TrainingSettings, config_from, resume, start
from handgrad.training.run_result import checksum_of

DIGITS = hg.datasets.load("digits")
IMAGES, LABELS = DIGITS.train.images[:400, 0], DIGITS.train.targets[:400]
TEST, TEST_LABELS = DIGITS.test.images[:, 0], DIGITS.test.targets
WORDS = np.asarray(["zero", "one", "two", "three", "four", "five", "six", "seven",
                    "eight", "nine"])  # fmt: skip
COMMAND = [sys.executable, "-c", "from handgrad.cli.main import main; main()"]
OWN = [conv2d(4, 3, padding=1), relu(), max_pool2d(2), flatten(), dropout(0.3),
       linear(16), relu(), linear()]  # fmt: skip


def small(model="mlp", **settings):
    settings = {
        "epochs": 2,
        "batch_size": 64,
        "learning_rate": 0.01,
        "workers": 1,
    } | settings
    if model == "mlp":
        settings.setdefault("model_options", {"hidden_sizes": [16]})
    return hg.Classifier(model, **settings)


@parametrize_with_checks([hg.Classifier(workers=1)])
def test_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("model", ["mlp", "softmax_regression", OWN])
@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_it_learns_the_digits(model, engine):
    clf = small(model, epochs=30, engine=engine, optimizer="adam", learning_rate=0.01)
    clf.fit(IMAGES, LABELS)
    assert clf.score(TEST, TEST_LABELS) > 0.8
    assert clf.predict_proba(TEST).shape == (len(TEST), 10)
    np.testing.assert_allclose(clf.predict_proba(TEST).sum(axis=1), 1, rtol=1e-12)


def test_labels_come_back_as_they_were():
    clf = small(epochs=20).fit(IMAGES, WORDS[LABELS])
    assert clf.classes_.tolist() == sorted(WORDS)
    assert set(clf.predict(TEST)) <= set(WORDS)
    assert clf.score(TEST, WORDS[TEST_LABELS]) > 0.6


def test_what_fit_leaves_behind():
    clf = small(epochs=3, validation=0.2, verbose=False).fit(IMAGES, LABELS)
    assert clf.n_iter_ == len(clf.history_) == len(clf.loss_curve_) == 3
    assert clf.loss_curve_[-1] < clf.loss_curve_[0]
    assert clf.history_[0].validation_loss is not None
    assert clf.n_features_in_ == 64
    assert clf.network_.output_shape((1, 8, 8)) == (10,)
    outputs, _ = clf.network_.forward(clf.trained_.normalization.apply(TEST[:4, None]))
    np.testing.assert_allclose(outputs, clf.logits(TEST[:4]), rtol=1e-4, atol=1e-5)


def test_layouts_of_images_are_one(tmp_path):
    colour = np.repeat(IMAGES[..., None], 3, axis=3)
    last = small(OWN).fit(colour, LABELS)
    first = small(OWN).fit(np.ascontiguousarray(colour.transpose(0, 3, 1, 2)), LABELS)
    assert np.array_equal(last.logits(colour[:9]), first.logits(colour[:9]))
    grey = small(OWN).fit(IMAGES[..., None], LABELS)
    assert np.array_equal(
        grey.logits(TEST), small(OWN).fit(IMAGES, LABELS).logits(TEST)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_other_numbers_than_bytes_train_as_well(dtype):
    vectors = IMAGES.reshape(len(IMAGES), -1).astype(dtype)
    clf = small(epochs=30).fit(vectors, LABELS)
    test = TEST.reshape(len(TEST), -1).astype(dtype)
    assert clf.score(test, TEST_LABELS) > 0.8
    with pytest.raises(DatasetError, match="exactly as the training data"):
        clf.predict(TEST.reshape(len(TEST), -1))


def own(input_shape, classes, seed):
    return Sequential([Flatten(), Linear(64, 8), Cube(), Linear(8, classes)])


class Cube(Tanh):
    def forward(self, inputs, *, training=False, key=None):
        return inputs**3, inputs

    def backward(self, d_outputs, inputs, /):
        return 3 * inputs**2 * d_outputs, {}


def test_one_seed_gives_one_network_and_another_seed_another():
    def weights(**settings):
        return small(**settings).fit(IMAGES, LABELS).logits(TEST[:5])

    assert np.array_equal(weights(random_state=3), weights(random_state=3, workers=2))
    assert not np.array_equal(weights(random_state=3), weights(random_state=4))
    assert not np.array_equal(weights(random_state=None), weights(random_state=None))
    by_hand = Sequential([Flatten(), Linear(64, 10)])
    one, other = (
        weights(model=by_hand, model_options=None, random_state=s) for s in (1, 2)
    )
    assert not np.array_equal(one, other)


def test_every_door_leads_to_the_same_bits(tmp_path):
    settings = dict(epochs=2, batch_size=50, learning_rate=0.01, random_state=4)
    whole = DIGITS.train.images
    clf = small(OWN, validation=0.1, **settings).fit(whole, DIGITS.train.targets)
    tables = {
        "seed": 4,
        "dataset": {"name": "digits", "image_size": [8, 8], "validation": 0.1,
                    "normalization": "standard"},
        "model": {"name": "from_layers", "layers": OWN},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 2, "batch_size": 50},
    }  # fmt: skip
    run = start(config_from(tables), tmp_path / "run")
    for _ in run:
        pass
    by_run = hg.load(tmp_path / "run")
    assert np.array_equal(by_run.logits(TEST), clf.logits(TEST))
    (tmp_path / "run.toml").write_text(config_from(tables).to_toml())
    command = [*COMMAND, "train"]
    subprocess.run(
        [
            *command,
            str(tmp_path / "run.toml"),
            "--run",
            str(tmp_path / "cli"),
            "--quiet",
        ],
        check=True,
        capture_output=True,
    )
    assert np.array_equal(hg.load(tmp_path / "cli").logits(TEST), clf.logits(TEST))
    parts = run.parts
    model = hg.models.from_layers(layers=OWN, input_shape=(1, 8, 8), seed=4)
    trainer = Trainer.for_model(
        model,
        parts.train,
        parts.validation,
        loss=SoftmaxCrossEntropy(),
        optimizer=Adam(constant(0.01)),
        settings=TrainingSettings(epochs=2, batch_size=50, seed=4),
        normalization=by_run.trained_.normalization,
    )
    for _ in trainer:
        pass
    assert trainer.position.best_epoch == 2
    assert checksum_of(model) == checksum_of(clf.network_) == run.result["sha256"]


def test_a_run_s_folder_is_like_the_command_s(tmp_path):
    clf = small(run=tmp_path / "run", validation=0.2).fit(IMAGES, WORDS[LABELS])
    alone = small(validation=0.2).fit(IMAGES, WORDS[LABELS])
    assert np.array_equal(clf.logits(TEST), alone.logits(TEST))
    again = hg.load(tmp_path / "run")
    assert again.predict(TEST[:3]).tolist() == clf.predict(TEST[:3]).tolist()
    assert [r.train_loss for r in again.history_] == clf.loss_curve_
    for words in (["verify"], ["evaluate", "--split", "validation"]):
        done = subprocess.run(
            [*COMMAND, words[0], str(tmp_path / "run"), *words[1:]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_a_run_that_was_interrupted_is_resumed_to_the_same_bits(tmp_path):
    whole = small(epochs=4).fit(IMAGES, LABELS)
    clf = small(epochs=4, run=tmp_path / "run")

    class Stop(list):
        def append(self, record):
            super().append(record)
            if len(self) == 2:
                raise KeyboardInterrupt

    import handgrad.classifier as module

    kept, module.History = module.History, Stop
    try:
        with pytest.raises(KeyboardInterrupt):
            clf.fit(IMAGES, LABELS)
    finally:
        module.History = kept
    for _ in resume(tmp_path / "run"):
        pass
    assert np.array_equal(hg.load(tmp_path / "run").logits(TEST), whole.logits(TEST))


@pytest.mark.parametrize("is_fitted", [False, True])
def test_a_fit_interrupted_in_its_first_epoch(is_fitted, monkeypatch):
    clf = small(epochs=2, batch_size=32)
    if is_fitted:
        clf.fit(IMAGES, LABELS)
        before = clf.logits(TEST)
    from handgrad.training.trainer import Trainer

    steps = Trainer.__iter__

    def some(trainer):
        for record in steps(trainer):
            if record.step == 3:
                raise KeyboardInterrupt
            yield record

    monkeypatch.setattr(Trainer, "__iter__", some)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(IMAGES, LABELS)
    if is_fitted:
        np.testing.assert_array_equal(clf.logits(TEST), before)
    else:
        assert clf.n_iter_ == 0
        assert clf.loss_curve_ == []
        assert clf.predict(TEST).shape == (len(TEST),)


def test_portions_go_on_from_one_another():
    clf = small(batch_size=32, learning_rate=0.01)
    for start_ in range(0, 400, 100):
        rows = slice(start_, start_ + 100)
        clf.partial_fit(IMAGES[rows], LABELS[rows], classes=range(10))
    assert clf.n_iter_ == 4
    assert clf.score(TEST, TEST_LABELS) > 0.5
    fitted = small(epochs=5).fit(IMAGES, LABELS)
    before = fitted.logits(TEST)
    fitted.partial_fit(IMAGES, LABELS)
    assert not np.array_equal(fitted.logits(TEST), before)
    assert fitted.n_iter_ == 6
    with pytest.raises(DatasetError, match="Unknown label"):
        clf.partial_fit(IMAGES[:4], [0, 1, 2, 11])


def test_weights_move_what_is_learned():
    rare = LABELS < 2
    images, labels = IMAGES[rare], LABELS[rare]
    few = np.flatnonzero(labels == 1)[4:]
    images, labels = np.delete(images, few, axis=0), np.delete(labels, few)
    plain = small(epochs=3).fit(images, labels)
    balanced = small(epochs=3, class_weight="balanced").fit(images, labels)
    counts = np.bincount(labels)
    by_hand = {k: len(labels) / (2 * counts[k]) for k in (0, 1)}
    mapped = small(epochs=3, class_weight=by_hand).fit(images, labels)
    sampled = small(epochs=3).fit(images, labels, [by_hand[k] for k in labels])
    assert np.array_equal(mapped.logits(TEST), balanced.logits(TEST))
    ones = TEST[TEST_LABELS == 1]
    said = [c.predict_proba(ones)[:, 1].mean() for c in (plain, balanced, sampled)]
    assert said[0] < min(said[1:])


def test_evaluation_counts_by_class():
    clf = small(epochs=5).fit(IMAGES, WORDS[LABELS])
    found = clf.evaluate(TEST, WORDS[TEST_LABELS])
    assert found.accuracy == clf.score(TEST, WORDS[TEST_LABELS])
    assert found.confusion.sum() == len(TEST)
    assert found.loss > 0


SEARCHES = {
    "grid": lambda clf: GridSearchCV(
        make_pipeline(StandardScaler(), clf),
        {"classifier__learning_rate": [0.001, 0.01]},
        cv=2, n_jobs=2, error_score="raise",
    ),
    "voting": lambda clf: VotingClassifier(
        [("ours", clf), ("theirs", LogisticRegression(max_iter=50))], voting="soft"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEARCHES)
def test_it_works_inside_scikit_learn_s_own(name):
    vectors = IMAGES[:200].reshape(200, -1).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # logistic regression stops early
        found = SEARCHES[name](small(epochs=20)).fit(vectors, LABELS[:200])
    test = TEST.reshape(len(TEST), -1).astype(np.float32)
    assert found.score(test, TEST_LABELS) > 0.6


def test_scores_and_learning_curves():
    vectors = IMAGES[:200].reshape(200, -1).astype(np.float32)
    scores = cross_val_score(small(epochs=10), vectors, LABELS[:200], cv=2)
    assert scores.shape == (2,)
    sizes, *_ = learning_curve(
        small(), vectors, LABELS[:200], cv=2, train_sizes=[0.5, 1.0]
    )
    assert len(sizes) == 2


def through_joblib(clf, path):
    joblib.dump(clf, path / "clf.joblib")
    return joblib.load(path / "clf.joblib")


COPIES = {
    "pickle": lambda clf, path: pickle.loads(pickle.dumps(clf)),
    "joblib": through_joblib,
    "deepcopy": lambda clf, path: deepcopy(clf),
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("engine", ["cpu", "plain"])
def test_copies_predict_and_go_on_alike(name, engine, tmp_path):
    clf = small(engine=engine).fit(IMAGES, LABELS)
    expected = clf.logits(TEST)
    copied = COPIES[name](clf, tmp_path)
    assert np.array_equal(copied.logits(TEST), expected)
    for one in (clf, copied):
        one.partial_fit(IMAGES, LABELS)
    assert np.array_equal(copied.logits(TEST), clf.logits(TEST))
    again = COPIES[name](clf, tmp_path)
    copied.partial_fit(IMAGES, LABELS)
    again.partial_fit(IMAGES, LABELS)
    assert np.array_equal(copied.logits(TEST), again.logits(TEST))
    assert not np.array_equal(clf.logits(TEST), again.logits(TEST))


@pytest.mark.parametrize(
    ("settings", "fit", "said"),
    [
        ({"model": "lenett"}, {}, "Did you mean 'lenet'"),
        ({"model": 3}, {}, "model"),
        ({"model_options": {"hidden": 3}}, {}, "hidden"),
        ({"random_state": -1}, {}, "random_state"),
        ({"random_state": "x"}, {}, "random_state"),
        ({"engine": "gpu"}, {}, "engine"),
        ({"workers": 0}, {}, "workers"),
        ({"workers": 1.5}, {}, "workers as an integer"),
        ({"learning_rate": "fast"}, {}, "learning_rate as a number above 0"),
        ({"clip_norm": 0}, {}, "clip_norm as a number above 0"),
        ({"augment": 3}, {}, "augment as a list, each item a name"),
        ({"run": 3}, {}, "run as a path"),
        ({"epochs": 10**19}, {}, "epochs as an integer"),
        ({"validation": 1.5}, {}, "validation"),
        ({"validation": (TEST,)}, {}, "validation"),
        ({"validation": (TEST[:, :4], TEST_LABELS)}, {}, "Resize"),
        ({"validation": (TEST, TEST_LABELS + 5)}, {}, "Unknown label"),
        ({"channels": "middle"}, {}, "channels"),
        ({"class_weight": "even"}, {}, "balanced"),
        ({"augment": "flip"}, {}, "random_flip"),
        ({"model": lambda shape, classes, seed: 3}, {}, "Sequential, got 3"),
        ({"model": [flatten(), linear(5)]}, {}, "10 classes"),
        ({"model": Linear(64, 10)}, {}, "model as a name"),
        ({"model": Sequential}, {}, "model as a name"),
        (
            {"model": Sequential([Flatten(), Linear(64, 12)])},
            {},
            "12 logits.*10 classes",
        ),
        ({"model": Sequential([Flatten(), Linear(64, 9)])}, {}, "linear_1.*9 logits"),
        ({"model": [linear()]}, {}, "Flatten"),
        ({}, {"X": IMAGES[:0], "y": LABELS[:0]}, "0 sample"),
        ({}, {"y": LABELS[:9]}, "inconsistent"),
        ({}, {"y": LABELS * 0}, "one class, 0"),
        ({}, {"X": np.full((4, 3), np.nan), "y": [0, 1, 0, 1]}, "Row 0, column 0"),
    ],
)
def test_a_mistake_is_one_sentence_and_a_value_error(settings, fit, said):
    given = {"X": IMAGES, "y": LABELS, **fit}
    clf = small(**settings)
    with pytest.raises(ValueError, match=said):
        clf.fit(**given)
    assert not hasattr(clf, "network_")


def test_prediction_refuses_other_images():
    clf = small().fit(IMAGES, LABELS)
    with pytest.raises(ShapeError, match="Resize"):
        clf.predict(TEST[:, :5])
    with pytest.raises(ShapeError, match="uint8"):
        clf.predict(TEST / 255)
    with pytest.raises(NotFittedError):
        small().predict(TEST)
    assert issubclass(ShapeError, HandgradError)


def test_progress_is_a_line_an_epoch(capsys):
    small(verbose=1).fit(IMAGES, LABELS)
    assert len(capsys.readouterr().out.splitlines()) == 2
    small().fit(IMAGES, LABELS)
    assert capsys.readouterr().out == ""


def test_repeated_rows_never_stand_on_both_sides_of_a_split():
    vectors = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    labels = np.arange(60) % 3
    with pytest.raises(ConfigError, match="100 of 60"):
        small(validation=100, batch_size=999).fit(vectors, labels, np.full(60, 2))


def test_balanced_classes_do_not_depend_on_the_scale_of_the_weights():
    weights = np.random.default_rng(5).integers(1, 4, len(LABELS))
    one, other = (
        small(class_weight="balanced", batch_size=9999).fit(
            IMAGES, LABELS, scale * weights
        )
        for scale in (1, 0.5)
    )
    np.testing.assert_allclose(one.logits(TEST), other.logits(TEST), atol=1e-4)


@pytest.mark.parametrize("scale", [1e-50, 1e200])
def test_only_the_ratios_of_weights_count(scale):
    weights = np.random.default_rng(5).random(len(LABELS))
    one, other = (small().fit(IMAGES, LABELS, s * weights) for s in (1, scale))
    np.testing.assert_allclose(
        one.logits(TEST), other.logits(TEST), rtol=1e-3, atol=1e-3
    )


def test_training_that_ends_in_nan_is_refused():
    settings = {"optimizer": "sgd", "learning_rate": 1e30, "batch_size": 999}
    with pytest.raises(HandgradError, match="diverged"):
        small(epochs=1, **settings).fit(IMAGES, LABELS)
    with pytest.raises(HandgradError, match="diverged"):
        small(**settings).partial_fit(IMAGES, LABELS)


@pytest.mark.parametrize(
    "wrong",
    [{"X": IMAGES[:, :4], "y": LABELS * 0}, {"X": TEST * np.nan, "y": TEST_LABELS}],
)
def test_a_refused_fit_leaves_what_was_fitted_before(wrong):
    clf = small().fit(IMAGES, LABELS)
    expected = clf.logits(TEST)
    with pytest.raises(ValueError, match=r"one class|NaN|bytes"):
        clf.fit(**wrong)
    assert np.array_equal(clf.logits(TEST), expected)


COLOUR = np.repeat(IMAGES[:, None], 3, axis=1)
SINGLE = {
    "grey": (IMAGES, IMAGES[0]),
    "grey with a channel": (IMAGES[..., None], IMAGES[0][..., None]),
    "channels first": (COLOUR, COLOUR[0]),
    "channels last": (COLOUR.transpose(0, 2, 3, 1), COLOUR[0].transpose(1, 2, 0)),
}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "logits"])
def test_one_image_by_itself_is_refused_with_the_next_step(name, method):
    images, one = SINGLE[name]
    clf = small("softmax_regression", engine="plain").fit(images, LABELS)
    with pytest.raises(ShapeError, match=r"For a single image, pass X\[None\]"):
        getattr(clf, method)(one)
    assert len(getattr(clf, method)(one[None])) == 1
    assert len(clf.trained_.predict(one)) == 1  # as its page says


@pytest.mark.parametrize(
    "call",
    [
        lambda clf: clf.partial_fit(IMAGES, LABELS[:9]),
        lambda clf: clf.evaluate(IMAGES, LABELS[:9]),
        lambda clf: clf.set_params(validation=(IMAGES, LABELS[:9])).fit(IMAGES, LABELS),
    ],
)
def test_another_number_of_labels_is_said_as_such(call):
    clf = small("softmax_regression", engine="plain").fit(IMAGES, LABELS)
    with pytest.raises(ShapeError, match="400 examples and 9 labels"):
        call(clf)
