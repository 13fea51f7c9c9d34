import sys

import pytest

from handgrad.studies.inspections import Place, inspect

MODEL = {"name": "mlp", "hidden_sizes": [256]}


def test_parameters_of_the_perceptron_of_the_report():
    found = inspect("parameters", {"model": MODEL}, seed=0)
    assert found == {"parameters": 203_530, "parameter_bytes": 814_120}


def test_roles_have_names_and_a_figure(tmp_path):
    options = {"model": MODEL, "optimizer": {"name": "adam"}, "batch_size": 32}
    found = inspect("training_memory", options, 0, Place(tmp_path))
    assert found["parameters"] == 203_530
    assert found["optimizer_bytes"] == found["measured_optimizer"] == 2 * 814_120
    roles = ("parameters", "gradients", "optimizer", "input", "activations")
    assert found["training_bytes"] == sum(found[f"{role}_bytes"] for role in roles)
    assert found["prediction_bytes"] < found["training_bytes"] < found["training_peak"]
    lines = (tmp_path / "figures" / "memory.csv").read_text().splitlines()
    assert len(lines) == 1 + 5 + 5 + 3


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's account of memory"
)
def test_the_plan_predicts_the_whole_process():
    options = {"model": MODEL, "optimizer": {"name": "sgd"}, "network": "mlp256"}
    found = inspect("training_memory", {**options, "images": 20_000}, seed=0)
    assert found["process_error"] < 0.1
    assert found["plan_parameters"] >= 814_120
