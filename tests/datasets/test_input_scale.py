import warnings

import numpy as np
import pytest

import handgrad as hg
from handgrad.datasets.input_scale import warn_of_scale
from handgrad.datasets.normalization import standard
from handgrad.errors import HandgradWarning

RANDOM = np.random.default_rng(0)
PHOTOS = RANDOM.integers(0, 256, (20, 3, 16, 16)).astype(np.float32)
STROKES = np.where(RANDOM.random((20, 1, 16, 16)) < 0.2, PHOTOS[:, :1], 0)
VECTORS = STROKES.reshape(20, -1)
TABLE = RANDOM.normal([0, 5, 1e6, 1e-6], [1, 2, 1e5, 1e-6], (50, 4)).astype(np.float32)


def is_warned(inputs, training):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warn_of_scale(np.asarray(inputs, np.float32), standard(training))
    assert all("Scale them as in training" in str(one.message) for one in seen)
    return bool(seen)


@pytest.mark.parametrize("training", [PHOTOS, STROKES, VECTORS])
def test_pixels_from_0_to_1_and_to_255_are_not_confused(training):
    assert is_warned(training / 255, training)
    assert is_warned(training, training / 255)
    assert is_warned(training[:1] / 255, training)
    assert is_warned(training[:1], training / 255)
    assert not is_warned(training, training)
    assert not is_warned(training / 255, training / 255)


@pytest.mark.parametrize(
    "inputs",
    [
        np.zeros((3, 3, 16, 16)),
        np.full((1, 3, 16, 16), 0.5),
        np.full((1, 3, 16, 16), 255),
        PHOTOS // 64,
        PHOTOS / 25,
        PHOTOS[:1] * 4,
        PHOTOS[:0],
    ],
)
def test_dark_bright_constant_and_few_images_pass(inputs):
    assert not is_warned(inputs, PHOTOS)


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_rows_of_a_table_pass_even_with_an_outlier(rows):
    inputs = TABLE[:rows].copy()
    assert not is_warned(inputs, TABLE)
    inputs[0, 0] = 1e6
    assert not is_warned(inputs, TABLE)


def test_columns_of_one_value_say_nothing():
    training = np.concatenate([VECTORS, np.zeros_like(VECTORS)], axis=1)
    inputs = training + np.float32(30)
    assert not is_warned(inputs, training)


def test_large_arrays_are_sampled():
    many = np.tile(PHOTOS, (40, 1, 1, 1))
    assert is_warned(many / 255, PHOTOS)
    assert not is_warned(many, PHOTOS)


def test_a_classifier_warns_where_the_scale_of_training_is_known():
    labels = np.arange(20) % 2
    make = {"model": "mlp", "epochs": 1, "workers": 1}
    for given, other in ((PHOTOS, PHOTOS / 255), (PHOTOS / 255, PHOTOS.astype(int))):
        fitted = hg.Classifier(**make).fit(given, labels)
        fitted.predict(given)
        for use in (fitted.predict, fitted.predict_proba, fitted.trained_.predict):
            with pytest.warns(HandgradWarning, match="Scale them as in training"):
                use(other)
    unknown = hg.Classifier(**make, normalization="unit").fit(PHOTOS / 255, labels)
    unknown.predict(PHOTOS / 255)


@pytest.mark.parametrize("scale", [255, 1])
def test_validation_inputs_are_compared_with_those_of_training(scale):
    labels = np.arange(20) % 2
    made = hg.Classifier(
        "softmax_regression", epochs=1, validation=(PHOTOS / scale, labels)
    )
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        made.fit(PHOTOS, labels)
    said = [str(one.message) for one in seen if "validation inputs" in str(one.message)]
    assert len(said) == (scale != 1)
    assert all(text.endswith("Scale them as in training.") for text in said)


def said_of(train):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        train()
    return [str(one.message) for one in seen if "new training" in str(one.message)]


@pytest.mark.parametrize("scale", [255, 1])
def test_new_training_inputs_are_compared_with_earlier_ones(scale, tmp_path):
    labels = np.arange(20) % 2
    make = {"model": "softmax_regression", "epochs": 1, "workers": 1}
    clf = hg.Classifier(**make).fit(PHOTOS, labels)
    clf.save(tmp_path / "a.safetensors")
    next_clf = hg.Classifier(**make, start_from=tmp_path / "a.safetensors")
    for train in (clf.partial_fit, next_clf.fit):
        assert len(said_of(lambda use=train: use(PHOTOS / scale, labels))) == (
            scale != 1
        )
    unknown = hg.Classifier(**make, normalization="unit").fit(PHOTOS, labels)
    unknown.save(tmp_path / "b.safetensors")
    next_clf = hg.Classifier(**make, start_from=tmp_path / "b.safetensors")
    for train in (unknown.partial_fit, next_clf.fit):
        assert not said_of(lambda use=train: use(PHOTOS / scale, labels))
