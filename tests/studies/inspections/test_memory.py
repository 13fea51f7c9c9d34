import sys

import numpy as np
import pytest

from handgrad.studies.inspections import Place, inspect
from handgrad.studies.inspections.memory import arrays_in, distinct, peak

MODEL = {"name": "mlp", "hidden_sizes": [256]}


def test_parameters_of_the_perceptron_of_the_report():
    found = inspect("parameters", {"model": MODEL}, seed=0)
    assert found == {"parameters": 203_530, "parameter_bytes": 814_120}


@pytest.mark.parametrize(
    ("optimizer", "states"),
    [
        ({"name": "sgd"}, 0),
        ({"name": "sgd", "momentum": 0.9}, 1),
        ({"name": "adam"}, 2),
    ],
)
def test_roles_are_foreseen_and_measured(optimizer, states, tmp_path):
    options = {"model": MODEL, "optimizer": optimizer, "batch_size": 32}
    found = inspect("training_memory", options, 0, Place(tmp_path))
    for role, size in {
        "parameters": 814_120,
        "gradients": 814_120,
        "optimizer": states * 814_120,
        "input": 4 * 32 * 784,
    }.items():
        assert found[f"{role}_bytes"] == found[f"measured_{role}"] == size
    assert found["activations_bytes"] == 4 * 32 * (256 + 256 + 10)
    # ReLU's outputs, the logits, and the probabilities and targets of the loss
    kept = found["measured_activations"] - 4 * 32 * (256 + 10)
    assert 0 < kept <= 8 * 32 * (10 + 10)
    assert found["training_peak"] > 2 * found["prediction_peak"]
    assert (tmp_path / "figures" / "memory.csv").read_text().count(
        "\n"
    ) == 1 + 5 + 5 + 3


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs Linux's account of memory"
)
def test_the_plan_foresees_the_whole_process():
    options = {"model": MODEL, "optimizer": {"name": "sgd"}, "network": "mlp256"}
    found = inspect("training_memory", {**options, "images": 20_000}, seed=0)
    assert found["process_error"] < 0.1
    assert found["plan_parameters"] >= 814_120


def test_an_array_counts_once_wherever_it_stands():
    array = np.zeros(5)
    assert len(list(arrays_in({"a": [array, (array, 3)], "b": None}))) == 2
    assert sum(distinct([array, array]).values()) == 40


def test_a_peak_is_the_most_at_once():
    def twice():
        first = np.zeros(1_000_000, dtype=np.uint8)
        del first
        np.zeros(2_000_000, dtype=np.uint8)

    assert peak(twice) == pytest.approx(2_000_000, rel=0.01)
