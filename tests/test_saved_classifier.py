"""What a file or a run's folder keeps of a classifier."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import handgrad as hg
from handgrad.errors import ConfigError, DatasetError, HandgradError
from handgrad.layers import Flatten, Linear, ReLU, Sequential, Tanh
from handgrad.network import dropout, flatten, linear, relu

DIGITS = hg.datasets.load("digits")
IMAGES, LABELS = DIGITS.train.images[:200, 0], DIGITS.train.targets[:200]
TEST = DIGITS.test.images[:, 0]
VECTORS = np.random.default_rng(0).normal(5, 3, (100, 4)).astype(np.float32)
WORDS = np.asarray(["zero", "one", "two", "three", "four", "five", "six", "seven",
                    "eight", "nine"])  # fmt: skip
ROWS = [flatten(), dropout(0.3), linear(16), relu(), linear()]


def small(model="mlp", **settings):
    settings = {"epochs": 2, "learning_rate": 0.01, "workers": 1} | settings
    if model == "mlp":
        settings.setdefault("model_options", {"hidden_sizes": [16]})
    return hg.Classifier(model, **settings)


def own(input_shape, classes, seed):
    return Sequential([Flatten(), Linear(64, 12), Cube(), Linear(12, classes)])


class Cube(Tanh):
    def forward(self, inputs, *, training=False, key=None):
        return inputs**3, inputs

    def backward(self, d_outputs, inputs, /):
        return 3 * inputs**2 * d_outputs, {}


@pytest.fixture(params=["file", "folder"])
def kept(request, tmp_path):
    """Fits a classifier, writes it, and gives it with what is read again."""

    def fit(clf, *data):
        if request.param == "folder":
            return clf.set_params(run=tmp_path / "run").fit(*data), hg.load(
                tmp_path / "run"
            )
        clf.fit(*data).save(tmp_path / "a.safetensors")
        return clf, hg.load(tmp_path / "a.safetensors")

    return fit


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 7, 2**64 - 1], "uint64"),
        np.array([-(2**63), 0, 2**63 - 1]),
        np.array([-3, 0, 5], "int8"),
        np.array([1, 2, 3], ">i4"),
        np.array([0, 1, 3], "float32"),
        np.array([0, 1, 2048], "float16"),
        np.array([1e15, 2, -5]),
        np.array([False, True, True]),
        np.array(["a", "b c", "3"]),
        np.array(["a", "b c", "3"], object),
        pd.Series(["a", "b", "c"], dtype="category"),
        pd.Series([1, 2, 3], dtype="Int64"),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_keep_their_type(labels, kept):
    clf, again = kept(small(), VECTORS, labels.take(np.arange(100) % 3))
    assert again.classes_.dtype == clf.classes_.dtype.newbyteorder("=")
    assert again.classes_.tolist() == clf.classes_.tolist()
    assert again.predict(VECTORS).tolist() == clf.predict(VECTORS).tolist()


def test_labels_of_more_digits_than_a_file_holds_are_refused_before_training(tmp_path):
    labels = np.array([1, 2], np.longdouble)[LABELS % 2]
    if labels.dtype == np.float64:
        pytest.skip("this processor has no longer floating-point numbers")
    with pytest.raises(DatasetError, match="numbers, strings or booleans"):
        small(run=tmp_path / "run").fit(IMAGES, labels)
    assert list(tmp_path.iterdir()) == []


def test_columns_keep_their_names(kept):
    frame = pd.DataFrame(VECTORS, columns=["a", "b", "c", "d"])
    clf, again = kept(small(), frame, LABELS[:100])
    assert list(again.feature_names_in_) == list("abcd")
    assert np.array_equal(again.logits(frame), clf.logits(frame))
    for call in (again.predict, lambda some: again.partial_fit(some, LABELS[:100])):
        with pytest.raises(ValueError, match="in the same order"):
            call(frame[["b", "a", "c", "d"]])
    again.fit(VECTORS, LABELS[:100])
    assert not hasattr(again, "feature_names_in_")


def test_the_channel_axis_is_kept_where_sizes_do_not_tell_it(kept):
    images = np.random.default_rng(0).integers(0, 256, (100, 3, 3, 3), np.uint8)
    labels = images[:, 0, 1, 2] > 127
    turned = images.transpose(0, 3, 1, 2)
    first = small(channels="first").fit(turned, labels)
    last, again = kept(small(channels="last"), images, labels)
    expected = first.logits(turned)
    for clf in (last, again):
        assert np.array_equal(clf.logits(images), expected)
        assert clf.evaluate(images, labels).accuracy == clf.score(images, labels)
        assert np.array_equal(
            hg.inspection.trace(clf, images, labels).loss.logits,
            hg.inspection.trace(first, turned, labels).loss.logits,
        )


def test_a_function_makes_the_network_wherever_it_is_given(tmp_path):
    clf = small().fit(IMAGES, LABELS)
    clf.save(tmp_path / "mlp.safetensors")
    made = []

    def same(input_shape, classes, seed):
        made.append((input_shape, classes))
        return Sequential([Flatten(), Linear(64, 16), ReLU(), Linear(16, classes)])

    again = hg.load(tmp_path / "mlp.safetensors", model=same)
    assert made == [((1, 8, 8), 10)]
    assert np.array_equal(again.logits(TEST), clf.logits(TEST))
    with pytest.raises(HandgradError, match="its own configuration"):
        hg.load(tmp_path / "mlp.safetensors", model=own)


@pytest.mark.parametrize("which", ["first", "last", 1])
def test_a_file_holds_one_network(which, tmp_path):
    small().fit(IMAGES, LABELS).save(tmp_path / "a.safetensors")
    with pytest.raises(ConfigError, match=r"checkpoint|which"):
        hg.load(tmp_path / "a.safetensors", which)


@pytest.mark.parametrize("kind", ["M8[D]", "m8[s]", "longdouble"])
def test_labels_that_a_file_cannot_hold_are_refused_before_training(kind):
    labels = (LABELS % 2).astype(kind)
    for fit in (small().fit, small().partial_fit):
        with pytest.raises(DatasetError, match="numbers, strings or booleans, got"):
            fit(IMAGES, labels)


def test_a_file_holds_everything(tmp_path):
    clf = small(ROWS, validation=0.1).fit(IMAGES, WORDS[LABELS])
    clf.save(tmp_path / "digits.safetensors")
    again = hg.load(tmp_path / "digits.safetensors")
    assert np.array_equal(again.logits(TEST), clf.logits(TEST))
    assert np.array_equal(again.predict(TEST), clf.predict(TEST))
    assert again.classes_.tolist() == clf.classes_.tolist()
    assert again.history_ == clf.history_
    assert again.n_features_in_ == 64
    refitted = clone(again).set_params(workers=1).fit(IMAGES, WORDS[LABELS])
    assert np.array_equal(refitted.logits(TEST), clf.logits(TEST))


def test_a_file_of_floats_keeps_their_normalization(tmp_path):
    vectors = np.random.default_rng(0).normal(5, 3, (100, 4)).astype(np.float32)
    clf = small(epochs=1).fit(vectors, vectors[:, 0] > 5)
    clf.save(tmp_path / "f.safetensors")
    again = hg.load(tmp_path / "f.safetensors")
    assert np.array_equal(again.logits(vectors), clf.logits(vectors))
    assert again.classes_.tolist() == [False, True]


def test_a_function_makes_networks_with_layers_of_one_s_own(tmp_path):
    clf = small(own).fit(IMAGES, LABELS)
    clf.save(tmp_path / "own.safetensors")
    with pytest.raises(ConfigError, match=r"load\(path, model=function\)"):
        hg.load(tmp_path / "own.safetensors")
    again = hg.load(tmp_path / "own.safetensors", model=own)
    assert np.array_equal(again.logits(TEST), clf.logits(TEST))


def test_a_network_by_hand_is_copied_and_needs_no_function(tmp_path):
    made = Sequential([Flatten(), Linear(64, 8), ReLU(), Linear(8, 10)])
    before = made.parameters()["linear_1.weight"].value.copy()
    clf = small(made).fit(IMAGES, LABELS)
    assert np.array_equal(made.parameters()["linear_1.weight"].value, before)
    assert not np.array_equal(clf.network_.layers["linear_1"].weight.value, before)
    clf.save(tmp_path / "hand.safetensors")
    assert np.array_equal(
        hg.load(tmp_path / "hand.safetensors").logits(TEST), clf.logits(TEST)
    )


def test_the_command_predicts_without_scikit_learn(tmp_path):
    from PIL import Image

    small().fit(IMAGES, WORDS[LABELS]).save(tmp_path / "d.safetensors")
    Image.fromarray(IMAGES[0]).save(tmp_path / "one.png")
    code = (
        "import sys; from handgrad.cli.main import main; sys.argv = ['handgrad', "
        "'predict', 'd.safetensors', 'one.png']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('sklearn' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == "False False"
    assert any(word in done.stdout for word in WORDS)


def test_rows_changed_after_fit_are_not_the_network_s(tmp_path):
    rows = [flatten(), linear(8), relu(), linear()]
    options = {"hidden_sizes": [8]}
    fitted = [
        small(rows).fit(IMAGES, LABELS),
        small("mlp", model_options=options).fit(IMAGES, LABELS),
    ]
    expected = [clf.logits(TEST) for clf in fitted]
    rows[2]["name"] = "tanh"
    options["hidden_sizes"].append(4)
    for clf, logits in zip(fitted, expected, strict=True):
        clf.save(tmp_path / "net.safetensors")
        assert np.array_equal(
            hg.load(tmp_path / "net.safetensors").logits(TEST), logits
        )


def test_saving_keeps_links_modes_and_devices(tmp_path):
    clf = small().fit(IMAGES, LABELS)
    path, link = tmp_path / "a.safetensors", tmp_path / "link"
    clf.save(path)
    path.chmod(0o600)
    link.symlink_to(path)
    clf.save(link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HandgradError, match="device or a pipe"):
        clf.save(tmp_path / "pipe")
