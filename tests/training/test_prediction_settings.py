import numpy as np
import pytest
from pydantic import ValidationError

from handgrad.augmentation import center_crop
from handgrad.errors import ConfigError
from handgrad.training import TrainingSettings
from handgrad.training.config import config_from
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


def test_the_center_crop_is_flipped_and_not_the_flip_cropped():
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 28, 28), np.uint8)
    config, crop = PredictionConfig(with_flip=True, center_crop=0.8), 0.8

    def answers(images):
        return images.reshape(len(images), -1)[:, ::28].astype(np.float32)

    crops = center_crop(images, crop)
    flips = np.ascontiguousarray(crops[..., ::-1])
    assert (center_crop(np.ascontiguousarray(images[..., ::-1]), crop) != flips).any()
    mean = (answers(crops) + answers(flips)) / 2
    np.testing.assert_array_equal(config.logits(answers, images), mean)


def test_several_center_crops_are_averaged_each_with_its_flip():
    config = PredictionConfig(with_flip=True, center_crop=[1, 0.5])
    assert (config.center_crop, config.crops) == ((1.0, 0.5), ((1.0, 0), (0.5, 0)))
    parts = [PredictionConfig(with_flip=True, center_crop=f) for f in (1, 0.5)]
    each = [part.logits(first_column, IMAGES) for part in parts]
    mean = (each[0] + each[1]) / 2
    np.testing.assert_allclose(config.logits(first_column, IMAGES), mean, rtol=1e-6)
    assert config.only_for_images == "predict_center_crop"
    assert [each.views for each in (*parts, config)] == [2, 2, 4]
    assert PredictionConfig().views == 1
    again = PredictionConfig(**config.model_dump(mode="json"))
    assert again == config


def test_shifted_images_are_averaged_each_with_its_flip():
    config = PredictionConfig(with_flip=True, shift=1)
    assert config.crops == ((1.0, 1), (1.0, -1))
    views = [center_crop(IMAGES, 1.0, shift) for shift in (1, -1)]
    views += [view[..., ::-1] for view in views]
    mean = np.mean([first_column(view) for view in views], axis=0)
    np.testing.assert_allclose(config.logits(first_column, IMAGES), mean, rtol=1e-6)
    assert config.views == 4
    assert config.only_for_images == "predict_shift"
    assert "shift" not in PredictionConfig().model_dump()
    both = PredictionConfig(center_crop=(1, 0.5), shift=2)
    assert both.crops == ((1.0, 2), (1.0, -2), (0.5, 2), (0.5, -2))


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "1", True, [1]])
def test_shifts_that_are_no_pixels_are_refused(wrong):
    with pytest.raises(ConfigError, match=r"prediction\.shift"):
        config_from({"prediction": {"shift": wrong}})
    with pytest.raises(ConfigError, match="Training takes predict_shift"):
        TrainingSettings(predict_shift=wrong)


@pytest.mark.parametrize("wrong", [0, 1.5, [], [1, 0.05], "0.8", [[1]], True, [None]])
def test_parts_that_are_none_are_refused_in_one_sentence(wrong):
    sentence = r"center_crop takes|takes (predict_)?center_crop from 0\.1 to 1, got"
    with pytest.raises(ConfigError, match=sentence) as refused:
        config_from({"prediction": {"center_crop": wrong}})
    assert "prediction.center_crop" in str(refused.value)
    with pytest.raises(ConfigError, match=sentence):
        TrainingSettings(predict_center_crop=wrong)


def test_other_settings_are_refused():
    with pytest.raises(ValidationError, match="with_flop"):
        PredictionConfig(with_flop=True)
