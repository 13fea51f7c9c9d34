import pytest

from handgrad.inspection.data_sample import dataset_sample
from handgrad.training import config_from
from handgrad.training.run import start


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """The folder of a small run on the digits: a perceptron, two epochs."""
    tables = {
        "engine": "plain",
        "dataset": {"name": "digits", "image_size": [8, 8], "validation": 100},
        "model": {"name": "perceptron", "hidden": 12},
        "optimizer": {"name": "adam", "learning_rate": 0.01},
        "training": {"epochs": 2, "batch_size": 64},
    }
    path = tmp_path_factory.mktemp("inspection") / "run"
    for _ in start(config_from(tables), path):
        pass
    return path


@pytest.fixture(scope="session")
def digits():
    """The first 40 training images of the digits, 28 x 28, with their classes."""
    return dataset_sample("digits", 40)
