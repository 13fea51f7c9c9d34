from pathlib import Path

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection import learning_rate_finder
from handgrad.inspection.untrained import (
    check_no_options,
    check_untrained_only,
    is_catalogue_name,
    is_settings_file,
    of_settings,
    untrained,
)
from handgrad.losses import MeanSquaredError
from handgrad.models import mlp
from handgrad.training import start
from training.small import small

SETTINGS = {"loss": {"name": "mean_squared_error"}, "seed": 3}


def test_a_name_is_one_of_the_catalogue_unless_it_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlp").mkdir()
    (tmp_path / "runs").mkdir()
    assert is_catalogue_name("mlp")
    assert is_catalogue_name("LeNet")
    assert is_catalogue_name("lenett")  # refused with the nearest name
    assert not is_catalogue_name("runs")
    assert not is_catalogue_name(tmp_path)
    assert not is_catalogue_name(mlp())


def test_the_network_has_the_options_and_the_seed():
    options = {"hidden_sizes": [5]}
    subject = untrained("mlp", options, input_shape=(1, 2, 3), classes=4, seed=7)
    expected = mlp(hidden_sizes=[5], input_shape=(1, 2, 3), classes=4, seed=7)
    for name, parameter in expected.parameters().items():
        found = subject.network.parameters()[name].value
        np.testing.assert_array_equal(found, parameter.value)
    with pytest.raises(ConfigError, match="Did you mean 'mlp'"):
        untrained("mlpp", None, input_shape=(1, 2, 3), classes=4)


def test_options_of_another_network_are_refused():
    check_no_options(None)
    check_no_options({})
    with pytest.raises(ConfigError, match="got hidden for an existing"):
        check_no_options({"hidden": 3})


@pytest.fixture
def settings(tmp_path):
    """The settings of a run that has not started."""
    start(small(**SETTINGS), tmp_path / "run").folder.release()
    return tmp_path / "run" / "config.toml"


def test_the_network_is_the_initial_one_of_the_training(settings, tmp_path):
    subject, sample, make = of_settings(settings, 20)
    parts = start(small(**SETTINGS), tmp_path / "again").parts
    for name, parameter in parts.model.parameters().items():
        found = subject.network.parameters()[name].value
        np.testing.assert_array_equal(found, parameter.value)
    assert type(subject.loss) is MeanSquaredError
    assert len(sample.images) == 20
    assert sample.image_shape == parts.trainer.train.image_shape
    assert type(make(lambda step: 0.5)) is type(parts.trainer.engine.optimizer)
    assert make(lambda step: 0.5).rate(1) == 0.5


def test_a_rate_is_found_for_a_settings_file(settings):
    found = learning_rate_finder(settings, steps=10, batch_size=8)
    assert "training images of digits" in found.what
    assert len(found.rates)


@pytest.mark.parametrize(
    "more", [{"optimizer": "adam"}, {"options": {"hidden": 3}}, {"dataset": "digits"}]
)
def test_arguments_that_repeat_the_settings_are_refused(settings, more):
    with pytest.raises(ConfigError, match=f"got {next(iter(more))} as well. Give"):
        learning_rate_finder(settings, **more)


@pytest.mark.parametrize(
    ("given", "expected"), [("a.toml", True), (Path("a.toml"), True), ("mlp", False)]
)
def test_a_settings_file_is_recognised_by_its_name(given, expected):
    assert is_settings_file(given) is expected


def test_options_of_untrained_networks_are_refused_for_an_existing_one():
    check_untrained_only(depths=None)
    with pytest.raises(ConfigError, match=r"^scales selects .*\[1\].* Omit scales"):
        check_untrained_only(depths=None, scales=[1])
