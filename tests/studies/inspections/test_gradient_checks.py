import csv

import pytest

from handgrad.errors import ConfigError
from handgrad.models import mlp
from handgrad.studies.inspections import Place, inspect


def test_the_first_loss_and_the_l2_term():
    small = {"hidden_sizes": [4, 3], "features": 5}
    without = inspect("regularised_network", {**small, "l2": 0.0}, seed=0)
    with_term = inspect("regularised_network", {**small, "l2": 2.0}, seed=0)
    model = mlp(
        hidden_sizes=[4, 3],
        initializer={"name": "normal", "std": 0.05},
        input_shape=(1, 1, 5),
    )
    squares = sum(
        float((parameter.value.astype(float) ** 2).sum())
        for name, parameter in model.parameters().items()
        if name.endswith("weight")
    )
    assert with_term["data_loss"] == without["loss"] == without["data_loss"]
    assert with_term["loss"] - without["loss"] == pytest.approx(squares, rel=1e-12)
    assert {n for n in without if n[-1].isdigit()} == {
        f"{kind}_{layer}" for kind in ("weight", "bias") for layer in "123"
    }
    assert with_term["largest_error"] < 1e-6


def test_every_combination_is_built_and_checked(tmp_path):
    options = {
        "hidden_sizes": [[5], [6, 4]],
        "activations": ["gelu", "tanh"],
        "initializers": ["he_normal"],
    }
    found = inspect("configurable_perceptrons", options, 0, Place(tmp_path))
    assert found["networks"] == 2 * 2 * 1 * 2
    assert 0 < found["error_gelu"] < 1e-6
    with (tmp_path / "figures" / "gradient_errors.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert max(float(row["error"]) for row in rows) == found["largest_error"]


def test_an_unknown_name_is_refused():
    options = {"hidden_sizes": [[5]], "activations": ["gleu"], "initializers": []}
    options["initializers"] = ["he_normal"]
    with pytest.raises(ConfigError, match="Did you mean 'gelu'"):
        inspect("configurable_perceptrons", options, seed=0)
