from pathlib import Path

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.inspection import learning_rate_finder
from handgrad.inspection.settings_subject import is_settings_file, of_settings
from handgrad.losses import MeanSquaredError
from handgrad.training import start
from training.small import small

SETTINGS = {"loss": {"name": "mean_squared_error"}, "seed": 3}


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
