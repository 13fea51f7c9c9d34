import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.training.prediction_settings import PredictionConfig
from handgrad.training.settings import TrainingSettings


@pytest.mark.parametrize("name", ["epochs", "batch_size", "early_stopping"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True])
def test_counts_are_whole_numbers_from_one(name, value):
    with pytest.raises(ConfigError, match=f"{name} as an integer of at least 1, got"):
        TrainingSettings(**{name: value})


def test_early_stopping_may_be_left_out():
    assert TrainingSettings().early_stopping is None


def test_counts_have_an_end_and_seeds_as_well():
    with pytest.raises(ConfigError, match="batch_size as an integer from 1 to 21474"):
        TrainingSettings(batch_size=10**19)
    for seed in (-1, 2**63, 0.5):
        with pytest.raises(ConfigError, match="Training takes seed as an integer"):
            TrainingSettings(seed=seed)
    assert type(TrainingSettings(batch_size=np.int8(100)).batch_size) is int


def test_every_setting_of_inference_has_its_name_here():
    assert TrainingSettings().prediction == PredictionConfig()
    flipping = TrainingSettings(predict_with_flip=True)
    assert flipping.prediction == PredictionConfig(with_flip=True)
