import tomllib

import pytest

import handgrad
from handgrad import catalog
from handgrad.models.from_layers import from_layers
from handgrad.web.network_rows import (
    as_python,
    as_toml,
    described,
    layer_options,
    rows_of_model,
)

SHAPE = (1, 28, 28)
MODELS = [name for name in catalog.MODELS if name != "from_layers"]


@pytest.mark.parametrize("name", MODELS)
def test_a_network_of_the_catalogue_as_rows_is_the_same_network(name):
    shape = (3, 32, 32)
    rows = rows_of_model(name, {}, shape, 10)
    built = from_layers(layers=rows, input_shape=shape, classes=10)
    whole = catalog.build("model", name, {}, input_shape=shape, classes=10)
    assert repr(built) == repr(whole)


def test_sizes_follow_from_the_rows():
    rows = [{"name": "conv2d", "out_channels": 2, "kernel_size": 3}]
    rows += [{"name": "flatten"}, {"name": "linear"}]
    found = described(rows, SHAPE, 10)
    assert found["error"] is None
    assert [row["output_shape"] for row in found["rows"]] == [
        (2, 26, 26),
        (1352,),
        (10,),
    ]
    assert [row["name"] for row in found["rows"]] == [
        "conv2d_1",
        "flatten_1",
        "linear_1",
    ]
    assert found["totals"]["parameters"] == 2 * 9 + 2 + 1352 * 10 + 10


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([], 0, "must output one logit"),
        ([{"name": "linear"}], 0, "put a Flatten layer before it"),
        ([{"name": "relu"}, {"name": "lineer"}], 1, "Did you mean 'linear'"),
        ([{"name": "relu"}, {"x": 1}], 1, "must be a table with a name"),
        ([{"name": "dropout", "rate": 2}], 0, "rate"),
        ([{"name": "flatten"}, {"name": "linear", "out_features": 5}], 1, "10 classes"),
        ([{"name": "conv2d", "out_channels": 10**30, "kernel_size": 3}], 0, ""),
        ([{"name": "residual", "body": [{"name": "x"}]}], 0, "no layer named"),
    ],
)
def test_an_error_is_at_its_row(rows, place, words):
    error = described(rows, SHAPE, 10)["error"]
    assert error["row"] == place
    assert words in error["message"]
    assert not error["message"].startswith("linear_1")


def test_a_network_that_does_not_fit_into_memory_is_an_error_at_its_row():
    rows = [{"name": "flatten"}, {"name": "linear", "out_features": 10**9}]
    error = described([*rows, {"name": "linear"}], SHAPE, 10)["error"]
    assert error["row"] == 1
    assert "of memory" in error["message"]


@pytest.mark.parametrize("name", ["lenet", "resnet", "mlp"])
def test_the_code_makes_the_same_network(name):
    rows = rows_of_model(name, {}, SHAPE, 10)
    names: dict = {}
    exec(as_python(rows), names)
    assert names["layers"] == rows
    assert isinstance(names["network"], handgrad.Classifier)
    assert tomllib.loads(as_toml(rows))["model"]["layers"] == rows


def test_options_that_must_be_given_have_no_default():
    options = layer_options()
    assert options["conv2d"]["out_channels"] is None
    assert options["conv2d"]["stride"] == 1
    assert options["relu"] == {}
    assert set(options) == set(catalog.LAYERS)
