import numpy as np
import pytest

from handgrad.studies.inspections import Place, inspect


def test_softmax_fails_outside_the_range_of_float32():
    sizes = [1.0, 88.0, 89.0, 103.0, 104.0]
    found = inspect("softmax_numerics", {"sizes": sizes}, seed=0)
    with np.errstate(over="ignore", under="ignore"):
        assert np.exp(np.float32(found["overflow_from"])) == np.inf
        assert np.exp(np.float32(found["overflow_from"] - 1)) < np.inf
        assert np.exp(np.float32(found["underflow_from"])) == 0
        assert np.exp(np.float32(found["underflow_from"] + 1)) > 0
    assert found["rows"] == 2 * len(sizes)
    assert found["naive_failures"] > 0 == found["shifted_failures"]
    assert 1 <= found["smallest_denominator"] <= found["largest_denominator"] <= 10


def test_without_failures_no_limits_are_reported():
    found = inspect("softmax_numerics", {"sizes": [1.0]}, seed=0)
    assert not {"overflow_from", "underflow_from", "lost_from"} & set(found)


def test_slopes_of_the_sigmoid(tmp_path):
    found = inspect("activation_functions", {"names": ["sigmoid"]}, 0, Place(tmp_path))
    assert found["sigmoid_steepest"] == 0.25
    assert found["sigmoid_steepest_at"] == pytest.approx(0, abs=1e-12)
    end = 1 / (1 + np.exp(10))
    assert found["sigmoid_slope_low"] == pytest.approx(end * (1 - end))
    lines = (tmp_path / "figures" / "activation_functions.csv").read_text().splitlines()
    assert len(lines) == 1 + 201
    assert lines[1].startswith("sigmoid,-10.0,")


def test_dropout_by_the_percentage_kept():
    found = inspect("dropout_statistics", {"kept": [0.25, 0.7]}, seed=1)
    assert found["train_zero_25"] == pytest.approx(0.75, abs=0.005)
    assert found["train_zero_70"] == pytest.approx(0.3, abs=0.005)
    assert found["train_strays_70"] < 4
    assert found["test_mean_25"] == found["input_mean"]
    assert found["test_zero_25"] == 0
