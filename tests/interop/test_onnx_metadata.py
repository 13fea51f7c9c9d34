"""Labels, loss and settings of inference come back from the metadata."""

import json

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import ConfigError
from handgrad.interop.onnx_export import onnx_model
from handgrad.interop.onnx_metadata import settings_of

onnx = pytest.importorskip("onnx")
DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
NUMBERS = DRAW.integers(0, 3, 40)
LABELS = {
    "names": np.array(["a", "b", "c"]),
    "objects": np.array(["ä", 'b"', "c\n"], dtype=object),
    "floats": np.array([1.0, 2.0, 4.0]),
    "truth": np.array([False, True, True]),
}


def fitted(labels=NUMBERS, images=IMAGES, **settings):
    options = {"hidden_sizes": [8]}
    clf = hg.Classifier(
        "mlp", model_options=options, epochs=1, engine="plain", **settings
    )
    return clf.fit(images, labels)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back(kind, tmp_path):
    labels = LABELS[kind][NUMBERS]
    clf = fitted(labels)
    found = hg.from_onnx(clf.to_onnx(tmp_path / "a.onnx"))
    assert found.classes_.dtype == clf.classes_.dtype
    np.testing.assert_array_equal(found.classes_, clf.classes_)
    assert found.score(IMAGES, labels) == clf.score(IMAGES, labels)
    found.partial_fit(IMAGES, labels)


@pytest.mark.parametrize("loss", ["multiclass_svm", "mean_squared_error"])
def test_loss_and_optimizer_come_back(loss, tmp_path):
    clf = fitted(loss=loss, l2=0.5, optimizer="adam", learning_rate=0.004)
    found = hg.from_onnx(clf.to_onnx(tmp_path / "a.onnx"))
    assert found.trained_.config.loss == clf.trained_.config.loss
    assert found.trained_.config.optimizer == clf.trained_.config.optimizer


def prepared(prediction, images):
    """A classifier with these settings of inference."""
    clf = fitted(images=images)
    config = clf.trained_.config
    changed = config.prediction.model_copy(update=prediction)
    clf.trained_.config = config.model_copy(update={"prediction": changed})
    return clf


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize(
    "prediction",
    [
        {"temperature": 0.25},
        {"with_flip": True},
        {"center_crop": 0.75},
        {"with_flip": True, "center_crop": 0.75, "temperature": 3.0},
        {"with_flip": True, "center_crop": (1.0, 0.75)},
        {"with_flip": True, "shift": 1},
    ],
    ids=lambda values: " ".join(values),
)
def test_settings_of_inference_come_back(prediction, dtype, tmp_path):
    images = IMAGES.astype(dtype)
    clf = prepared(prediction, images)
    found = hg.from_onnx(clf.to_onnx(tmp_path / "a.onnx"))
    assert found.trained_.config.prediction == clf.trained_.config.prediction
    expected = clf.predict_proba(images)
    np.testing.assert_allclose(found.predict_proba(images), expected, atol=1e-5)


def test_metadata_of_other_programs_are_left_alone(tmp_path):
    model = onnx_model(fitted(np.array(["a", "b", "c"])[NUMBERS]))
    others = {"loss": "mine", "prediction": "[", "mean": "0.5", "std": "1"}
    onnx.helper.set_model_props(model, others)
    onnx.save(model, tmp_path / "a.onnx")
    found = hg.from_onnx(tmp_path / "a.onnx")
    assert found.classes_.tolist() == [0, 1, 2]
    assert found.trained_.config.loss.name == "softmax_cross_entropy"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss_options", "[1]"),
        ("prediction_values", "[1]"),
        ("class_names", '["a"]'),
        ("mean", '["a"]'),
        ("mean", "[0.1]"),
        ("mean", "[0.1, 0.2]"),
        ("std", "[0]"),
    ],
)
def test_entries_of_another_kind_are_ignored(name, value, tmp_path):
    clf = fitted()
    model = onnx_model(clf)
    entries = {each.key: each.value for each in model.metadata_props}
    onnx.helper.set_model_props(model, entries | {name: value})
    onnx.save(model, tmp_path / "a.onnx")
    found = hg.from_onnx(tmp_path / "a.onnx")
    np.testing.assert_allclose(found.logits(IMAGES), clf.logits(IMAGES), atol=1e-4)


def test_settings_that_cannot_be_are_refused(tmp_path):
    model = onnx_model(fitted())
    entries = {each.key: each.value for each in model.metadata_props}
    changed = entries | {"prediction": '{"temperature": -1}'}
    onnx.helper.set_model_props(model, changed)
    onnx.save(model, tmp_path / "a.onnx")
    with pytest.raises(ConfigError, match=r"its settings: prediction\.temperature"):
        hg.from_onnx(tmp_path / "a.onnx")


def test_what_is_not_set_is_not_written():
    found = settings_of(fitted().trained_)
    assert "feature_names" not in found
    assert json.loads(found["label_type"]) == "int64"
