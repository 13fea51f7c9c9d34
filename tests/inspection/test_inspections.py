"""Properties of the results of all inspections."""

import copy
import json
import pickle
import sys
import warnings
from base64 import b64decode
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from handgrad import Classifier, inspection
from handgrad.cli.inspect import INSPECTIONS
from handgrad.cli.inspect import inspect as commands
from handgrad.datasets import Split
from handgrad.inspection import Result, Table
from handgrad.inspection.evaluation import EvaluationReport
from handgrad.layers import Flatten, Linear, ReLU, Sequential
from handgrad.network import flatten, linear, relu
from handgrad.randomness import Key, normal

from .fitted import fitted

NAMES = ("<b>cat</b>", r"$\frac{dog$ & $x$", "hen")
IMAGES = (normal(Key(4), (30, 1, 3, 4)) * 60 + 128).clip(0, 255).astype(np.uint8)
LABELS = [NAMES[place % 3] for place in range(30)]
FITTED = fitted(class_names=NAMES)
HIDDEN = Sequential([Flatten(), Linear(12, 5), ReLU(), Linear(5, 3)])
NUMBERS = np.arange(30) % 3


@cache
def saved_run():
    """A run on images whose labels are hostile."""
    folder = Path(mkdtemp(prefix="handgrad-labels-")) / "run"
    layers = [flatten(), linear(5), relu(), linear()]
    clf = Classifier(layers, epochs=1, engine="plain", run=folder)
    clf.fit(IMAGES, LABELS)
    return folder


CASES = {
    "softmax_numerics": lambda: inspection.softmax_numerics([1, 100], random_rows=20),
    "activation_functions": lambda: inspection.activation_functions(["relu"], points=9),
    "dropout_statistics": lambda: inspection.dropout_statistics([0.5], count=20),
    "jacobians": lambda: inspection.jacobians(columns=3),
    "gradient_flow": lambda: inspection.gradient_flow(FITTED, IMAGES, LABELS),
    "gradient_flow, depths": lambda: inspection.gradient_flow(depths=[1, 2], count=9),
    "saturation": lambda: inspection.saturation(HIDDEN, IMAGES),
    "saturation, scales": lambda: inspection.saturation(scales=[0.1, 1], count=9),
    "filters": lambda: inspection.filters(FITTED),
    "feature_maps": lambda: inspection.feature_maps(FITTED, IMAGES[0], LABELS[0]),
    "occlusion": lambda: inspection.occlusion(FITTED, IMAGES[0], LABELS[0], side=2),
    "microscope": lambda: inspection.microscope(
        FITTED, IMAGES[0], LABELS[0], layer="linear_1", index=(1, 2)
    ),
    "learning_rate_finder": lambda: inspection.learning_rate_finder(
        FITTED, IMAGES, LABELS, steps=10, batch_size=5
    ),
    "memory": lambda: inspection.memory(FITTED, batch_size=4),
    "confusion": lambda: inspection.confusion(FITTED, IMAGES, LABELS),
    "mistakes": lambda: inspection.mistakes(FITTED, IMAGES, LABELS),
    "reliability": lambda: inspection.reliability(HIDDEN, IMAGES, NUMBERS, bins=5),
    "labels": lambda: inspection.labels(saved_run(), folds=2, epochs=1),
    "trace": lambda: inspection.trace(FITTED, IMAGES[0], LABELS[0]),
}
WITH_NAMES = ("feature_maps", "occlusion", "confusion", "mistakes", "labels")


@pytest.fixture(scope="module", params=CASES)
def case(request):
    found = CASES[request.param]()
    return request.param, found, found._repr_html_()


def test_every_command_is_a_function_of_the_same_name():
    names = {one.name.replace("-", "_") for one in commands.registered_commands}
    assert names == {one.function for one in INSPECTIONS}
    assert names <= set(inspection.__all__)
    assert names | {"trace"} == {name.split(",")[0] for name in CASES}
    for name in names:
        assert getattr(inspection, name).__name__ == name


def test_functions_stay_functions_when_figures_import_their_modules():
    import handgrad.inspection.figures.filters
    import handgrad.inspection.figures.trace
    import handgrad.inspection.trace_step  # noqa: F401 (to have it loaded)

    for name in ("filters", "trace", "labels", "reliability"):
        assert callable(getattr(inspection, name))
        assert name in sys.modules[f"handgrad.inspection.{name}"].__dict__


def test_it_prints_itself_as_a_table(case):
    _, found, _ = case
    table = found.table()
    assert isinstance(found, Result)
    assert isinstance(table, Table)
    assert repr(found) == str(table) != ""
    assert {len(row) for row in table.rows} <= {len(table.heads)}
    assert set(table.right) <= set(table.heads)


def test_it_draws_a_figure_that_pyplot_does_not_know(case):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    assert isinstance(case[1].figure(), Figure)
    assert pyplot.get_fignums() == before


def test_its_values_are_plain(case):
    values = case[1].as_dict()
    assert json.loads(json.dumps(values)).keys() == values.keys()


def test_a_notebook_shows_names_as_text(case):
    name, _, html = case
    assert b64decode(html.split("base64,")[1].split('"')[0]).startswith(b"\x89PNG")
    assert "<b>" not in html
    if name in WITH_NAMES:
        assert "&lt;b&gt;cat&lt;/b&gt;" in html or r"$\frac{dog$ &amp; $x$" in html


@pytest.mark.parametrize("name", CASES)
def test_the_state_of_the_process_stays_as_it_was(name):
    def numpys():
        return np.random.get_state()[1].tolist()  # noqa: NPY002 (what users may have)

    def state():
        return (
            dict(mpl.rcParams), np.geterr(), list(warnings.filters),
            numpys(), mpl.get_backend(),
        )  # fmt: skip

    before = state()
    found = CASES[name]()
    found._repr_html_()
    assert state() == before


def test_names_are_drawn_literally():
    figure = inspection.confusion(FITTED, IMAGES, LABELS).figure()
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [name.replace("$", r"\$") for name in NAMES]


def test_a_bare_network_is_inspected_with_numbers_as_classes():
    found = inspection.confusion(HIDDEN, IMAGES, NUMBERS)
    assert found.class_names == ("0", "1", "2")
    logits = HIDDEN.forward(IMAGES.astype(np.float64))[0]
    wrong = int((logits.argmax(axis=1) != NUMBERS).sum())
    assert f"{wrong} of 30 images are misclassified." in str(found)


COPIES = {
    "pickle": lambda found: pickle.loads(pickle.dumps(found)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_displays_the_same(case, name):
    _, found, html = case
    check_copy(found, COPIES[name](found), html)


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_an_evaluation_displays_the_same(name):
    split = Split(IMAGES, np.arange(30) % 3)
    found = EvaluationReport(FITTED.evaluate(split), NAMES)
    check_copy(found, COPIES[name](found), found._repr_html_())


def check_copy(found, copied, html):
    assert type(copied) is type(found)
    assert repr(copied) == repr(found)
    assert json.dumps(copied.as_dict()) == json.dumps(found.as_dict())
    assert copied._repr_html_() == html


def test_a_deep_copy_shares_no_array(case):
    """A change of the copy does not affect the classifier either."""
    weights = [p.value.copy() for p in FITTED.model.parameters().values()]
    before = json.dumps(case[1].as_dict())
    for array in arrays_in(vars(copy.deepcopy(case[1]))):
        if array.flags.writeable and array.dtype.kind == "f":
            array[...] = 0
    assert json.dumps(case[1].as_dict()) == before
    for weight, parameter in zip(
        weights, FITTED.model.parameters().values(), strict=True
    ):
        assert np.array_equal(weight, parameter.value)


def arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from arrays_in(part)
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from arrays_in(list(vars(value).values()))
