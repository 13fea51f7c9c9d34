import pytest

from handgrad.errors import ConfigError
from handgrad.training.settings import TrainingSettings


@pytest.mark.parametrize("name", ["epochs", "batch_size", "early_stopping"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_counts_are_whole_numbers_from_one(name, value):
    with pytest.raises(ConfigError, match=f"{name} as a whole number from 1 up, got"):
        TrainingSettings(**{name: value})


def test_early_stopping_may_be_left_out():
    assert TrainingSettings().early_stopping is None
