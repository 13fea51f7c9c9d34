from inspect import signature

import numpy as np
import pytest

from handgrad.auto.deadline import Deadline
from handgrad.classifier import Classifier
from handgrad.datasets import Split
from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.datasets.array_input import InputForm
from handgrad.errors import ConfigError, RunError
from handgrad.estimator.fitting import (
    own_network,
    prepare,
    run_training,
    seed_of,
)
from handgrad.layers import Flatten, Linear, Sequential, Tanh
from handgrad.training import RunFolder

FORM = InputForm((1, 3, 3), "uint8")
TRAIN = Split(np.arange(180, dtype=np.uint8).reshape(20, 1, 3, 3), np.arange(20) % 2)
CLASSES = np.asarray([3, 8])
SETTINGS = Classifier("softmax_regression", epochs=2, engine="plain").get_params()


def prepared(**settings):
    return prepare({**SETTINGS, **settings}, FORM, TRAIN, None, CLASSES)


def test_what_follows_from_the_data_is_written_down():
    parts, dataset = prepared()
    resolved = parts.config.resolved
    assert resolved.class_names == dataset.class_names == ("3", "8")
    assert resolved.label_type == "int64"
    assert resolved.input_shape == (1, 3, 3)
    assert resolved.input_dtype is None
    assert parts.config.dataset.name == "arrays"
    assert dataset.checksum == ""


def test_a_run_keeps_its_arrays_and_their_checksum(tmp_path):
    parts, dataset = prepared(run=tmp_path / "run")
    seen = []
    run_training(parts, dataset, tmp_path / "run", seen.append)
    assert [record.epoch for record in seen] == [1, 2]
    config = RunFolder.open(tmp_path / "run").config
    assert config.dataset.name == str(tmp_path / "run" / ARRAY_FILE)
    assert config.resolved.dataset_sha256 == dataset.checksum != ""
    with pytest.raises(RunError, match="already exists") as refused:
        run_training(*prepared(run=tmp_path / "run"), tmp_path / "run", seen.append)
    assert "--run" not in str(refused.value)  # an option of the command, not here


class SlowClock:
    """Five seconds pass whenever it is read, so ten for each epoch."""

    now = 0.0

    def __call__(self):
        self.now += 5.0
        return self.now


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_fit_on_a_slow_machine_has_fewer_epochs(tmp_path, is_saved):
    folder = tmp_path / "run" if is_saved else None
    parts, dataset = prepared(run=folder, epochs=20, schedule="one_cycle")
    seen = []
    run_training(parts, dataset, folder, seen.append, Deadline(1, SlowClock()))
    epochs = parts.config.training.epochs
    assert seen[-1].epoch == epochs < 20
    assert parts.config.schedule.rescheduled[0].planned == 20
    assert seen[-1].learning_rate < 1e-3 * seen[2].learning_rate
    if is_saved:
        assert RunFolder.open(folder).config.training.epochs == epochs


def test_seeds_come_from_numbers_and_generators():
    assert seed_of(7) == seed_of(np.int64(7)) == 7
    states = [np.random.RandomState(0) for _ in range(2)]
    assert seed_of(states[0]) == seed_of(states[1])
    assert seed_of(states[0]) != seed_of(np.random.RandomState(0))
    assert seed_of(np.random.default_rng(1)) == seed_of(np.random.default_rng(1))
    assert seed_of(None) != seed_of(None)
    for wrong in (-1, 0.5, "x"):
        with pytest.raises(ConfigError, match="random_state is an integer"):
            seed_of(wrong)


class Own(Tanh):
    pass


def test_networks_by_hand_are_named_by_their_rows_where_they_have_some():
    known = Sequential([Flatten(), Linear(9, 2)])
    parts, _ = prepared(model=known)
    assert parts.config.model.name == "from_layers"
    assert parts.model is not known
    parts, _ = prepared(model=Sequential([Flatten(), Linear(9, 2), Own()]))
    assert parts.config.model.name == "own"


def test_a_function_is_told_the_shape_the_classes_and_the_seed():
    told = []

    def make(*given):
        told.append(given)
        return Sequential([Flatten(), Linear(9, 2)])

    assert own_network(make, FORM, 2, 5).output_shape((1, 3, 3)) == (2,)
    assert told == [((1, 3, 3), 2, 5)]
    assert own_network("lenet", FORM, 2, 5) is None


def test_every_setting_of_the_classifier_is_known_here():
    names = set(signature(Classifier.__init__).parameters) - {"self"}
    assert names == set(SETTINGS)


def test_the_seed_chooses_the_weights_of_a_network_that_was_looked_at():
    def weights(network, seed):
        form = InputForm((1, 2, 2), "uint8", None)
        made = own_network(network, form, 2, seed)
        return made.layers["linear_1"].weight.value

    def network():
        return Sequential([Flatten(), Linear(4, 2)])

    seen = network()
    seen.forward(np.ones((1, 1, 2, 2), np.float32))
    for seed in (0, 1, 2):
        np.testing.assert_array_equal(weights(seen, seed), weights(network(), seed))
    assert not np.array_equal(weights(seen, 1), weights(seen, 2))
