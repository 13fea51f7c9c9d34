"""Odd arguments at the public front door: accepted, or one sentence of our own.

Each call takes one argument; each of the odd values is tried in its place. Never is
Python's or a library's own error what a user sees.
"""

import re
from functools import partial
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from handgrad import datasets, inspection, network, training
from handgrad.errors import HandgradError
from handgrad.randomness import Key

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (24, 8, 8), dtype=np.uint8)
LABELS = np.arange(24) % 3

ODD = {
    "None": None,
    "a number": 3,
    "zero": 0,
    "a fraction": 0.5,
    "one": 1.0,
    "a negative number": -1,
    "NaN": np.nan,
    "infinity": np.inf,
    "a huge number": 10**5000,
    "NumPy's number": np.int64(7),
    "true": True,
    "NumPy's false": np.False_,
    "no entries": [],
    "a nested list": [[]],
    "a table": {},
    "a set": {1},
    "a tuple": (1, 2, 3),
    "an empty text": "",
    "a text": "a",
    "NUL": "\0",
    "a long name": "x" * 300,
    "a long path": "/x" * 3000,
    "a path with NUL": Path("a\0b"),
    "a lone surrogate": "\ud800",
    "bytes": b"a",
    "a masked array": np.ma.masked_array([1.0, 2.0], [0, 1]),
    "objects": np.array([1, "a", None], dtype=object),
    "an array of no axis": np.array(3),
    "a class": int,
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def classifier(**settings):
    settings = {"epochs": 1, "engine": "plain", "batch_size": 8} | settings
    return hg.Classifier(**{"model": "softmax_regression"} | settings)


def fitted():
    return classifier().fit(IMAGES, LABELS)


FITTED = fitted()


def saved():
    FITTED.save("network.safetensors")
    return "network.safetensors"


def parameter(name, value):
    classifier(**{name: value}).fit(IMAGES, LABELS)


def later(name, value):
    classifier().partial_fit(IMAGES, LABELS).set_params(**{name: value}).partial_fit(
        IMAGES, LABELS
    )


NEEDED = {
    "out_channels": 2,
    "kernel_size": 3,
    "rate": 0.5,
    "groups": 1,
    "body": [network.relu()],
    "layers": [network.relu()],
}


def option(layer, name, value):
    function = getattr(network, layer)
    needed = {k: v for k, v in NEEDED.items() if k in signature(function).parameters}
    row, flat = function(**{**needed, name: value}), network.flatten()
    is_flat = layer in ("linear", "batch_norm1d")
    rows = [flat, row] if is_flat else [row, flat]
    classifier(model=[*rows, network.linear()]).fit(IMAGES, LABELS)


SAMPLE = {
    "confusion": (FITTED, IMAGES, LABELS),
    "mistakes": (FITTED, IMAGES, LABELS),
    "gradient_flow": (FITTED, IMAGES, LABELS),
    "trace": (FITTED, IMAGES[:2], LABELS[:2]),
    "feature_maps": (FITTED, IMAGES[0], LABELS[:1]),
    "occlusion": (FITTED, IMAGES[0], LABELS[:1]),
    "filters": (FITTED,),
    "memory": (FITTED,),
    "microscope": (FITTED, IMAGES[0], LABELS[:1]),
    "learning_rate_finder": (FITTED, IMAGES, LABELS),
    "saturation": (None, IMAGES),
}
BESIDES = {
    "microscope": {"layer": "linear_1", "index": (0, 0)},
    "learning_rate_finder": {"steps": 10},
    "memory": {"batch_size": 4},
}
LATER = ("options", "optimizer", "momentum")  # settings of a network by its name


def inspected(name, argument, value):
    function = getattr(inspection, name)
    names = list(signature(function).parameters)
    given = dict(zip(names, SAMPLE.get(name, ()), strict=False))
    if name == "learning_rate_finder" and argument in LATER:
        given["model"] = "softmax_regression"
    function(**{**given, **BESIDES.get(name, {}), argument: value})


CALLS = {
    **{f"fit, {n}": partial(parameter, n) for n in hg.Classifier().get_params()},
    **{f"partial_fit, {n}": partial(later, n) for n in hg.Classifier().get_params()},
    "save": lambda value: FITTED.save(value),
    "load": hg.load,
    "load, which": lambda value: hg.load(saved(), value),
    "load, workers": lambda value: hg.load(saved(), workers=value),
    "load, model": lambda value: hg.load(saved(), model=value),
    "training.load": training.load,
    "training.resume": training.resume,
    "training.read_config": training.read_config,
    "training.config_from": training.config_from,
    "RunFolder.open": training.RunFolder.open,
    "read_image": lambda value: FITTED.trained_.read_image(value),
    "datasets.load": datasets.load,
    "datasets.load, data_dir": lambda value: datasets.load("digits", data_dir=value),
    "datasets.load, image_size": lambda value: datasets.load(
        "digits", image_size=value
    ),
    "datasets.fetch": datasets.fetch,
    "datasets.split": lambda value: datasets.split(
        datasets.Split(IMAGES, LABELS), value, Key(0)
    ),
    **{
        f"network.{layer}, {name}": partial(option, layer, name)
        for layer in network.__all__
        for name in signature(getattr(network, layer)).parameters
    },
    **{
        f"inspection.{name}, {argument}": partial(inspected, name, argument)
        for name in inspection.__all__
        if name in SAMPLE or name in ("activation_functions", "dropout_statistics",
                                      "jacobians", "softmax_numerics")
        for argument in signature(getattr(inspection, name)).parameters
        if argument != "where"
    },
}  # fmt: skip


TRIED = [  # a quarter of them in each run, all of them at night
    pytest.param(name, marks=() if number % 4 == 0 else pytest.mark.nightly)
    for number, name in enumerate(CALLS)
]


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.filterwarnings("error")
def test_odd_values_are_taken_or_refused_in_one_sentence(name):
    for odd, value in ODD.items():
        try:
            CALLS[name](value)
        except HandgradError as error:
            said = str(error)
            assert "np." not in re.sub(r"'[^']*'", "", said), (odd, said)
            assert "\n" not in said, (odd, said)
        except Exception as error:
            raise AssertionError(f"{name} of {odd}: {error!r}") from error


NUMBERS = ("epochs", "batch_size", "learning_rate", "l2", "label_smoothing", "workers",
           "clip_norm", "validation", "random_state")  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, np.True_])
def test_true_is_no_number(name, value):
    with pytest.raises(HandgradError, match=f"{name} .*got True"):
        parameter(name, value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optimizer": {"name": "sgd", "momentum": True}}, "momentum as a number"),
        ({"class_weight": {0: True}}, "got True"),
        ({"class_weight": {0: "much"}}, "got 'much'"),
        ({"class_weight": {0: -1}}, "got -1"),
        ({"model_options": {"name": "mlp"}}, "without the name"),
        ({"model": [network.conv2d(True, 3)]}, "out_channels .*got True"),
        ({"validation": 1.0}, r"1 for one example.* 1\.0 leaves none"),
        ({"learning_rate": np.float64(-1)}, r"got -1\.0\. Give"),
        ({"epochs": "x" * 300}, r"got 'x{79}\.\.\.\. Give"),
        ({"epochs": 10**5000}, "a number of thousands of digits"),
        ({"run": ""}, "run as a path"),
    ],
)
def test_what_the_sentence_says(settings, said):
    with pytest.raises(HandgradError, match=said):
        classifier(**settings).fit(IMAGES, LABELS)


@pytest.mark.parametrize(
    ("table", "options", "name", "value"),
    [
        ("optimizer", {"name": "sgd", "learning_rate": 0.5}, "learning_rate", 0.1),
        ("loss", {"name": "softmax_cross_entropy", "l2": 0.5}, "l2", 0.1),
        ("loss", {"name": "softmax_cross_entropy", "label_smoothing": 0.1},
         "label_smoothing", 0.2),
        ("loss", {"name": "softmax_cross_entropy", "class_weight": "balanced"},
         "class_weight", "balanced"),
    ],
)  # fmt: skip
def test_a_setting_is_given_once(table, options, name, value):
    both = {table: options, name: value}
    with pytest.raises(HandgradError, match=f"takes {name} once.*{table}"):
        classifier(**both).fit(IMAGES, LABELS)
    assert classifier(**{table: options}).fit(IMAGES, LABELS).n_iter_ == 1


MASKED = np.ma.masked_array(IMAGES, np.zeros(IMAGES.shape, dtype=bool))
HIDDEN = MASKED.copy()
HIDDEN[3, 2, 1] = np.ma.masked
HIDDEN_LABELS = np.ma.masked_array(LABELS, LABELS == 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda clf: clf.fit(HIDDEN, LABELS),
        lambda clf: clf.fit(IMAGES, HIDDEN_LABELS),
        lambda clf: clf.fit(IMAGES, LABELS, HIDDEN_LABELS),
        lambda clf: clf.set_params(validation=(HIDDEN, LABELS)).fit(IMAGES, LABELS),
        lambda clf: clf.partial_fit(HIDDEN, LABELS),
        lambda clf: clf.partial_fit(IMAGES, HIDDEN_LABELS),
        lambda clf: clf.predict(HIDDEN),
        lambda clf: clf.predict_proba(HIDDEN),
        lambda clf: clf.score(HIDDEN, LABELS),
        lambda clf: clf.evaluate(IMAGES, HIDDEN_LABELS),
        lambda clf: clf.trained_.logits(HIDDEN),
        lambda clf: datasets.Split(HIDDEN, LABELS),
        lambda clf: inspection.trace(clf, HIDDEN, LABELS),
        lambda clf: inspection.confusion(clf, IMAGES, HIDDEN_LABELS),
        lambda clf: inspection.saturation(None, HIDDEN),
    ],
)
def test_masked_values_are_refused(call):
    with pytest.raises(HandgradError, match=r"(1|8) of \d+ values are masked"):
        call(fitted())


def test_a_masked_array_that_masks_nothing_is_an_array():
    clf = classifier().fit(MASKED, LABELS)
    np.testing.assert_array_equal(clf.logits(MASKED), FITTED.logits(IMAGES))
