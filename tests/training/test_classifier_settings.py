from inspect import signature

import numpy as np
import pytest

from handgrad.classifier import Classifier
from handgrad.errors import ConfigError
from handgrad.network import flatten, linear
from handgrad.training.classifier_settings import config_of, settings_of

DEFAULTS = {
    name: parameter.default
    for name, parameter in signature(Classifier.__init__).parameters.items()
    if name != "self"
}


def config(shape=(1, 28, 28), examples=1000, **settings):
    assert settings.keys() <= DEFAULTS.keys()
    return config_of({**DEFAULTS, **settings}, shape, examples)


def test_the_automatic_network_follows_from_the_shape():
    for shape in ((7,), (1, 8, 8), (3, 40, 11)):
        assert config(shape).model.name == "mlp"
    for shape in ((1, 28, 28), (3, 12, 90)):
        made = config(shape).model
        assert made.name == "lenet"
        assert made.options == {"activation": "relu", "pooling": "max"}


@pytest.mark.parametrize(
    ("examples", "batch_size", "epochs"),
    [(1, 128, 200), (10_000, 100, 10), (2000, 100, 50), (10**6, 128, 10)],
)
def test_automatic_epochs_make_about_a_thousand_steps(examples, batch_size, epochs):
    made = config(examples=examples, batch_size=batch_size)
    assert made.training.epochs == epochs
    assert config(epochs=3).training.epochs == 3


@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "expected"),
    [
        ("adam", None, {"name": "adam", "learning_rate": 0.001}),
        ("Adam", 0.5, {"name": "adam", "learning_rate": 0.5}),
        ("momentum", None, {"name": "sgd", "learning_rate": 0.02, "momentum": 0.9}),
        ({"name": "sgd", "momentum": 0.5}, np.float64(1),
         {"name": "sgd", "learning_rate": 1.0, "momentum": 0.5}),
        ({"name": "adamw", "weight_decay": np.float32(0.5)}, None,
         {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.5}),
    ],
)  # fmt: skip
def test_an_optimizer_has_a_learning_rate_to_start_from(
    optimizer, learning_rate, expected
):
    made = config(optimizer=optimizer, learning_rate=learning_rate).optimizer
    assert made.model_dump() == expected


def test_numpy_numbers_are_numbers():
    made = config(
        epochs=np.int64(3), batch_size=np.int32(5), l2=np.float32(0.5),
        random_state=np.int64(7), validation=np.float64(0.25), clip_norm=np.int64(2),
    )  # fmt: skip
    assert (made.training.epochs, made.training.batch_size, made.seed) == (3, 5, 7)
    assert (made.loss.l2, made.dataset.validation) == (0.5, 0.25)
    assert made.training.clip_norm == 2.0


@pytest.mark.parametrize(
    ("validation", "early_stopping", "held_out", "patience"),
    [
        (None, False, "none", None),
        (None, True, 0.1, 10),
        (None, 3, 0.1, 3),
        (0.2, True, 0.2, 10),
        (50, 4, 50, 4),
        (([], []), 2, "test", 2),
    ],
)
def test_early_stopping_holds_out_a_tenth_unless_told_otherwise(
    validation, early_stopping, held_out, patience
):
    made = config(validation=validation, early_stopping=early_stopping)
    assert made.dataset.validation == held_out
    assert made.training.early_stopping == patience


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "training.epochs"),
        ({"epochs": "many"}, "training.epochs"),
        ({"batch_size": -1}, "training.batch_size"),
        ({"optimizer": "adamm"}, "Did you mean 'adam'"),
        ({"optimizer": 3}, "optimizer as a name or a mapping"),
        ({"loss": {"l2": 1.0}}, "loss as a name or a mapping"),
        ({"normalization": "max"}, "dataset.normalization"),
        ({"validation": "half"}, "dataset.validation"),
        ({"engine": "gpu"}, "engine"),
        ({"learning_rate": 0}, "optimizer.learning_rate"),
        ({"l2": -1}, "loss.l2"),
        ({"model": [linear()], "model_options": {"seed": 1}}, "model_options only"),
    ],
)
def test_a_wrong_setting_is_named(settings, said):
    with pytest.raises(ConfigError, match=said):
        config(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"model": "mlp", "model_options": {"hidden_sizes": [8]}, "epochs": 3},
        {"model": [flatten(), linear()], "early_stopping": 4, "clip_norm": 1.0},
        {"optimizer": {"name": "sgd", "momentum": 0.5}, "learning_rate": 0.3},
        {"schedule": {"name": "cosine", "warmup_epochs": 1.5}, "l2": 1e-4},
        {"loss": {"name": "multiclass_svm", "margin": 2.0}, "validation": 100},
        {"label_smoothing": 0.1, "augment": ["random_flip"], "random_state": 5},
        {"augment": [{"name": "random_crop", "padding": 2}], "engine": "plain"},
    ],
)
def test_settings_come_back_from_the_configuration(settings):
    made = config(**settings)
    again = config_of({**DEFAULTS, **settings_of(made)}, (1, 28, 28), 1000)
    assert again == made
