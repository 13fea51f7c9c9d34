from inspect import signature

import numpy as np
import pytest

from handgrad.augmentation import RandomFlip
from handgrad.classifier import Classifier
from handgrad.errors import ConfigError
from handgrad.estimator.parameter_rules import RULES, checked_parameters
from handgrad.layers import ReLU
from handgrad.losses import SoftmaxCrossEntropy
from handgrad.network import linear, relu
from handgrad.optimizers import SGD
from handgrad.schedules import cosine

DEFAULTS = Classifier().get_params()
ELSEWHERE = {"validation", "class_weight", "run", "random_state", "start_from"}
RIGHT = {
    "model": ["mlp", [], lambda shape, classes, seed: None],
    "model_options": [None, {}, {"hidden_sizes": [8]}],
    "epochs": ["auto", 1, np.int64(3)],
    "learning_rate": [None, 1, np.float32(0.5)],
    "l2": [None, 0, 1e-4],
    "label_smoothing": [None, 0, 0.99],
    "validation": [None, 0.5, 1, 50, 50.0, np.float64(0.1), ([1], [2]), [[1], [2]]],
    "early_stopping": [None, False, True, 0, 3, np.True_],
    "augment": [None, (), "random_flip", [{"name": "cutout", "size": 3}]],
    "class_weight": [None, "balanced", {0: 1, "a": np.float32(0.5)}],
    "workers": [None, 1],
    "run": [None, "runs/mine"],
    "verbose": [None, True, 2, np.int64(0)],
}
WRONG = {
    "model": [None, 3, int, b"mlp"],
    "model_options": ["a", 3, [], {"name": "mlp"}],
    "epochs": [0, 1.0, "many", 2**31, None, True],
    "batch_size": [0, 1.5, None, True, "auto"],
    "optimizer": [None, {}, {"learning_rate": 1}, ["sgd"]],
    "learning_rate": [0, -1, np.nan, np.inf, "fast", True, 10**400],
    "l2": [-1, np.nan, "a", True, []],
    "label_smoothing": [1, -0.1, "a", True],
    "clip_norm": [0, np.inf, True, "a"],
    "validation": [0, 0.0, 1.0, 1.5, -1, True, "half", (), ([1],), {}],
    "early_stopping": [-1, 1.5, "a", []],
    "augment": [3, [3], {}, b"flip"],
    "class_weight": ["even", 3, [], {0: "a"}, {0: -1}, {0: np.nan}, {0: True}],
    "normalization": [None, 3, [], "max"],
    "channels": [3, [], True, "middle"],
    "engine": [None, 3, "gpu"],
    "workers": [0, 1.5, True, "a"],
    "run": ["", 3, "a\0b", "x" * 300],
    "verbose": ["yes", 0.5, []],
}


def test_a_model_that_cannot_build_a_network_is_refused():
    with pytest.raises(ConfigError, match="The model function is called with"):
        checked_parameters({**DEFAULTS, "model": lambda inputs: inputs})


@pytest.mark.parametrize("row", [ReLU(), relu, "relu"])
def test_what_is_no_layer_of_a_list_is_named_with_the_next_step(row):
    said = r"such as linear\(10\) or relu\(\), got .*(?i:relu).*layers.Seq"
    with pytest.raises(ConfigError, match=said):
        checked_parameters({**DEFAULTS, "model": [linear(10), row]})


def cases(table):
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("name", "value"), cases(RIGHT))
def test_right_values_stay_as_they_are(name, value):
    assert checked_parameters({**DEFAULTS, name: value})[name] is value


@pytest.mark.parametrize(("name", "value"), cases(WRONG))
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(ConfigError if name != "run" else ValueError, match=name):
        checked_parameters({**DEFAULTS, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("augment", [RandomFlip()]),
        ("augment", RandomFlip()),
        ("optimizer", SGD(0.1)),
        ("loss", SoftmaxCrossEntropy()),
        ("schedule", cosine(0.1, steps=10)),
    ],
)
def test_objects_are_sent_to_the_trainer(name, value):
    said = f"takes {name} as .* objects are for handgrad.training.Trainer.for_model"
    with pytest.raises(ConfigError, match=said):
        checked_parameters({**DEFAULTS, name: value})


def test_every_parameter_has_its_rule():
    names = set(signature(Classifier.__init__).parameters) - {"self"}
    assert set(RULES) | ELSEWHERE == names
    assert not set(RULES) & ELSEWHERE


@pytest.mark.parametrize("name", ["learning_rate", "clip_norm", "l2"])
def test_a_number_beyond_float32_is_told_the_limit(name):
    with pytest.raises(ConfigError, match=r"3\.40282e\+38"):
        checked_parameters(Classifier(**{name: 1e39}).get_params())
