import numpy as np
import pytest

from handgrad.engine.plain import PlainEngine
from handgrad.errors import ConfigError, HandgradError
from handgrad.optimizers import Adam
from handgrad.training.build import build

from .small import DIGITS, small


def test_the_resolved_configuration_holds_values_derived_from_the_data():
    parts = build(small(dataset={**DIGITS, "normalization": "standard"}))
    resolved = parts.config.resolved
    assert resolved.input_shape == (1, 8, 8)
    assert resolved.class_names == tuple("0123456789")
    assert (resolved.train_images, resolved.validation_images) == (96, 100)
    pixels = parts.train.images / 255
    assert resolved.mean == pytest.approx((pixels.mean(),), rel=1e-12)
    assert resolved.std == pytest.approx((pixels.std(),), rel=1e-12)
    assert resolved.dataset_sha256 == parts.dataset.checksum


def test_the_parts_are_those_of_the_configuration():
    config = small(
        loss={"name": "softmax_cross_entropy", "label_smoothing": 0.1, "l2": 0.01},
        training={"epochs": 2, "batch_size": 40, "clip_norm": 2.0},
    )
    parts = build(config)
    engine = parts.trainer.engine
    assert isinstance(engine, PlainEngine)
    assert isinstance(engine.optimizer, Adam)
    assert engine.loss.label_smoothing == 0.1
    assert (engine.l2.strength, engine.l2.factor) == (0.01, 0.5)
    assert engine.clip_norm == 2.0
    assert repr(parts.model).count("Linear") == 2


def test_training_and_validation_images_do_not_overlap():
    parts = build(small(dataset={"name": "digits", "validation": 0.2}))
    assert len(parts.train) + len(parts.validation) == 1437
    assert len(parts.validation) == 287
    assert parts.dataset.train is parts.train  # the full data set is not kept in memory


def test_the_first_examples_are_the_same_however_many_are_taken():
    few, more = (
        build(small(dataset={**DIGITS, "train_count": count})).train
        for count in (50, 90)
    )
    images = {image.tobytes() for image in more.images}
    assert all(image.tobytes() in images for image in few.images)


def test_the_test_images_can_be_the_validation():
    parts = build(small(dataset={**DIGITS, "validation": "test"}))
    assert parts.validation is parts.dataset.test


def test_digits_are_made_large_enough_for_every_model():
    parts = build(small(dataset={"name": "digits"}))
    assert parts.train.image_shape == (1, 28, 28)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"model": {"name": "mpl"}}, "no model named 'mpl'. Did you mean 'mlp'"),
        ({"model": {"name": "mlp", "size": 3}}, "no option of mlp named 'size'"),
        ({"optimizer": {"name": "adan"}}, "Did you mean 'adam'"),
        ({"optimizer": {"name": "adam", "beta": 1}}, "Did you mean 'beta"),
        ({"loss": {"name": "svm"}}, "no loss named 'svm'"),
        (
            {"loss": {"name": "mean_squared_error", "label_smoothing": 0.1}},
            "mean_squared_error has no options, got 'label_smoothing'. Omit it.",
        ),
        ({"schedule": {"name": "cosin"}}, "Did you mean 'cosine'"),
        ({"dataset": {**DIGITS, "name": "digit"}}, "Did you mean 'digits'"),
        ({"dataset": {**DIGITS, "validation": 1437}}, "both parts need at least one"),
        ({"dataset": {**DIGITS, "train_count": 5000}}, "from 1 to 1337, the number of"),
        (
            {"dataset": {**DIGITS, "augmentation": [{"name": "flip"}]}},
            "no augmentation named 'flip'",
        ),
        (
            {"dataset": {**DIGITS, "augmentation": [{"name": "cutout", "size": 99}]}},
            "cutout takes size below 8 for images of 8 x 8 pixels, got 99",
        ),
    ],
)
def test_unknown_names_are_refused(tables, words):
    with pytest.raises(HandgradError, match=words):
        build(small(**tables))


def test_balanced_classes_weigh_the_same_in_the_training_split_only():
    loss = {"name": "softmax_cross_entropy", "class_weight": "balanced"}
    parts = build(small(loss=loss))
    train = parts.trainer.train
    totals = np.bincount(train.targets, train.weights)
    np.testing.assert_allclose(totals, len(train) / 10, rtol=1e-6)
    assert parts.validation.weights is None
    assert parts.dataset.train.weights is train.weights
    assert build(small()).train.weights is None


@pytest.mark.parametrize("config", [{}, None, "settings.toml"])
def test_other_settings_than_a_configuration_are_refused(config):
    with pytest.raises(ConfigError, match="takes its settings as a RunConfig, got"):
        build(config)
