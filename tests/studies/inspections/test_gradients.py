import csv
import sys

import numpy as np
import pytest

from handgrad.inspection.jacobians import sigmoid
from handgrad.studies.inspections import Place, inspect


def test_sigmoids_lose_the_gradient_and_relu_keeps_it(tmp_path):
    options = {"images": 16, "depths": [1, 6], "scales": [0.01, 3.0]}
    found = inspect("vanishing_gradients", options, 0, Place(tmp_path))
    assert found["sigmoid_fades_6"] < 0.01 < found["relu_fades_6"]
    assert found["flat_smallest"] == 0 < 0.5 < found["flat_largest"]
    with (tmp_path / "figures" / "gradient_norm_by_depth.csv").open() as file:
        rows = list(csv.DictReader(file))
    norms = [
        float(row["norm"])
        for row in rows
        if (row["activation"], row["depth"]) == ("sigmoid", "6")
    ]
    assert len(norms) == 7  # six hidden layers and the last
    assert norms[0] / norms[-1] == pytest.approx(found["sigmoid_fades_6"])


def test_the_jacobians_are_correct_and_their_products_are_the_gradients():
    found = inspect("jacobians", {}, seed=0)
    assert found["jacobians"] == 6
    assert 0 < found["largest_error"] < 1e-6
    assert found["chain_error"] < 1e-12


def test_the_layers_compute_the_equation():
    found = inspect("perceptron_equation", {"images": 5}, seed=0)
    assert found["parameters"] == 50_890
    assert found["largest_difference"] < 1e-14
    assert found["row_sum_error"] < 1e-14


def test_a_wrong_equation_is_detected(monkeypatch):
    def steeper(values):
        return sigmoid(1.001 * values)

    module = sys.modules["handgrad.inspection.jacobians"]
    monkeypatch.setattr(module, "sigmoid", steeper)
    assert inspect("jacobians", {}, seed=0)["chain_error"] > 1e-6
    assert np.isfinite(inspect("perceptron_equation", {}, seed=0)["parameters"])
