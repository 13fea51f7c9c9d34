import numpy as np
import pytest
from PIL import Image

from handgrad.errors import ConfigError, DatasetError
from handgrad.training.build import build
from handgrad.training.run_images import check_split, run_images

from .small import small


@pytest.fixture(scope="module")
def config():
    """The resolved configuration of a run on the digits, without training."""
    return build(small(dataset={"name": "digits", "image_size": [8, 8]})).config


def test_the_test_images_come_first_and_all_splits_are_those_of_training(config):
    name, test = run_images(config)
    assert (name, len(test)) == ("test", 360)
    sizes = {
        split: len(run_images(config, split)[1]) for split in ("train", "validation")
    }
    assert sizes == {
        "train": config.resolved.train_images,
        "validation": config.resolved.validation_images,
    }


def test_a_split_that_is_missing_or_unknown_is_refused(config):
    with pytest.raises(ConfigError, match="Did you mean 'test'"):
        check_split("tset")
    with pytest.raises(ConfigError, match="Did you mean 'test'"):
        run_images(config, "tset")
    tables = config.dataset.model_copy(update={"validation": "none"})
    without = config.model_copy(update={"dataset": tables})
    with pytest.raises(ConfigError, match="no validation images"):
        run_images(without, "validation")


def test_images_of_other_classes_are_refused(config, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(2):
            pixels = np.full((9, 9), 50 * number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    with pytest.raises(DatasetError, match="other classes than the network"):
        run_images(config, dataset=str(tmp_path))
