import numpy as np
import pytest

from handgrad.engine.planned_bytes import output_sizes
from handgrad.errors import ConfigError
from handgrad.inspection.training_memory import arrays_in, distinct, memory, peak
from handgrad.layers import Linear, Sequential
from handgrad.models import lenet, mlp, softmax_regression
from handgrad.optimizers import SGD, Adam

GREY = (1, 28, 28)


@pytest.mark.parametrize(
    ("optimizer", "states"),
    [(SGD(0.1), 0), (SGD(0.1, momentum=0.9), 1), (Adam(1e-3), 2)],
)
def test_roles_are_predicted_and_measured(optimizer, states):
    found = memory(mlp(hidden_sizes=[256]), optimizer, GREY, batch_size=32)
    for role, size in {
        "parameters": 814_120,
        "gradients": 814_120,
        "optimizer": states * 814_120,
        "input": 4 * 32 * 784,
    }.items():
        assert found.training[role] == found.measured[role] == size
    assert found.training["activations"] == 4 * 32 * (256 + 256 + 10)
    # ReLU's outputs and the logits, and the cache of the loss
    kept = found.measured["activations"] - 4 * 32 * (256 + 10)
    assert 0 < kept <= 8 * 32 * (10 + 10)
    assert found.training_peak > 2 * found.prediction_peak


def test_the_network_is_unchanged_and_dropout_is_supported():
    model = mlp(hidden_sizes=[8], dropout=0.5)
    before = {n: p.value.copy() for n, p in model.parameters().items()}
    found = memory(model, SGD(0.1), GREY, batch_size=4)
    for name, parameter in model.parameters().items():
        np.testing.assert_array_equal(parameter.value, before[name])
    assert "At batch size 4, training takes" in found.finding


def test_prediction_holds_two_layers_at_once():
    sizes = output_sizes(lenet(), GREY)
    assert sizes[:3] == [6 * 28 * 28, 6 * 28 * 28, 6 * 14 * 14]
    found = memory(lenet(), SGD(0.1), GREY, batch_size=1)
    assert found.prediction["activations"] == 4 * 2 * 6 * 28 * 28
    assert found.training["activations"] == 4 * sum(sizes)


def test_a_shared_array_counts_once():
    array = np.zeros(5)
    assert len(list(arrays_in({"a": [array, (array, 3)], "b": None}))) == 2
    assert sum(distinct([array, array]).values()) == 40


def test_a_peak_is_the_maximum_allocated():
    def twice():
        first = np.zeros(1_000_000, dtype=np.uint8)
        del first
        np.zeros(2_000_000, dtype=np.uint8)

    assert peak(twice) == pytest.approx(2_000_000, rel=0.01)


def test_a_network_is_given_by_name_run_or_object(run):
    by_name = memory("mlp", options={"hidden_sizes": [8]}, batch_size=4)
    itself = memory(mlp(hidden_sizes=[8]), "sgd", GREY, batch_size=4)
    assert by_name.measured == itself.measured
    of_run = memory(run, "adam", batch_size=4)
    assert of_run.training["input"] == 4 * 4 * 64
    assert of_run.training["optimizer"] == 2 * of_run.training["parameters"]
    with pytest.raises(ConfigError, match="Omit options"):
        memory(run, options={"hidden": 3})
    with pytest.raises(ConfigError, match="Did you mean 'mlp'"):
        memory("mlpp")


def test_a_bare_network_needs_a_shape():
    vectors = Sequential([Linear(784, 3)])
    for network in (vectors, mlp(hidden_sizes=[8])):
        with pytest.raises(
            ConfigError, match=r"Give image_shape=.* or \(features,\), "
        ):
            memory(network)
    assert memory(vectors, image_shape=(784,), batch_size=4).training["input"] == (
        4 * 4 * 784
    )
    of_data = memory(mlp(hidden_sizes=[8]), dataset="digits", batch_size=4)
    assert of_data.training["input"] == 4 * 4 * 784


def test_options_that_do_not_apply_are_refused():
    network = softmax_regression(input_shape=(1, 3, 3))
    with pytest.raises(ConfigError, match=r"got 0\.9 for SGD.* omit momentum"):
        memory(network, SGD(0.1), (1, 3, 3), momentum=0.9)
    with pytest.raises(ConfigError, match=r"got digits although .* Omit dataset"):
        memory(network, image_shape=(1, 3, 3), dataset="digits")
