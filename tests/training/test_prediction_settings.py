import numpy as np
import pytest
from pydantic import ValidationError

from handgrad.augmentation import center_crop
from handgrad.training.prediction_settings import PredictionConfig

IMAGES = np.arange(24, dtype=np.float32).reshape(2, 1, 3, 4)


def first_column(images):
    """A network that sees the left edge only."""
    return images[:, 0, :, 0]


def test_without_settings_it_is_the_network_itself():
    found = PredictionConfig().logits(first_column, IMAGES)
    np.testing.assert_array_equal(found, IMAGES[:, 0, :, 0])
    assert PredictionConfig().only_for_images == ""


def test_with_flip_it_is_the_mean_of_both():
    config = PredictionConfig(with_flip=True)
    mean = (IMAGES[:, 0, :, 0] + IMAGES[:, 0, :, 3]) / 2
    np.testing.assert_array_equal(config.logits(first_column, IMAGES), mean)
    assert config.only_for_images == "predict_with_flip"


def test_a_center_crop_comes_before_the_flip():
    config = PredictionConfig(with_flip=True, center_crop=0.5)
    crop = center_crop(IMAGES, 0.5)
    mean = (crop[:, 0, :, 0] + crop[:, 0, :, 3]) / 2
    np.testing.assert_array_equal(config.logits(first_column, IMAGES), mean)
    assert not np.array_equal(mean, IMAGES[:, 0, :, 0])
    assert config.only_for_images == "predict_center_crop"
    assert "center_crop" not in PredictionConfig().model_dump()


def test_other_settings_are_refused():
    with pytest.raises(ValidationError, match="with_flop"):
        PredictionConfig(with_flop=True)
