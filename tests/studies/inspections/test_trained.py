import csv

import numpy as np
import pytest

from handgrad.errors import ConfigError
from handgrad.studies.inspections import Place, inspect

CONFIG = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8]},
    "model": {"name": "perceptron", "hidden": 12},
    "training": {"epochs": 3, "batch_size": 50},
}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, inspect("trained_network", {"config": CONFIG}, 0, Place(folder))


def table(folder, name):
    with (folder / "figures" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_mistakes_are_those_of_the_confusion_matrix(done):
    folder, found = done
    wrong = [r for r in table(folder, "confusion_matrix") if r["true"] != r["answer"]]
    for number in range(10):
        own = [int(row["images"]) for row in wrong if row["true"] == str(number)]
        assert found[f"mistakes_{number}"] == sum(own)
    assert found["mistakes"] == sum(int(row["images"]) for row in wrong)
    assert found["mistakes"] == pytest.approx(360 * (1 - found["test_accuracy"]))
    assert found["confused_count"] == max(int(row["images"]) for row in wrong)
    assert len(table(folder, "worst_mistakes")) == min(24, found["mistakes"])


def test_weights_of_blank_pixels_keep_their_initial_values(done):
    folder, found = done
    assert found["units"] == 12
    assert 0 < found["always_blank"] < 0.2
    assert found["moved_blank"] == 0 < found["moved_others"]
    norms = [float(row["norm"]) for row in table(folder, "first_layer_weights")]
    assert np.mean(norms) == pytest.approx(found["mean_norm"], rel=1e-6)


def test_figures_and_the_run_are_in_the_folder_of_the_trial(done):
    folder, _ = done
    names = {path.name for path in (folder / "figures").iterdir()}
    assert {"confusion_matrix.svg", "worst_mistakes.png"} <= names
    assert (folder / "run" / "config.toml").is_file()


def test_kernels_belong_to_no_fixed_pixel():
    config = {**CONFIG, "training": {"epochs": 1, "batch_size": 200}}
    config["dataset"] = {"name": "digits", "train_count": 200}
    config["model"] = {"name": "lenet"}
    found = inspect("trained_network", {"config": config}, 0)
    assert found["units"] == 6
    assert "moved_blank" not in found


def test_without_test_images_there_is_nothing_to_count(tmp_path):
    from PIL import Image

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(4):
            image = Image.fromarray(np.full((8, 8), 60 * number, dtype=np.uint8))
            image.save(tmp_path / name / f"{number}.png")
    config = {**CONFIG, "dataset": {"name": str(tmp_path), "validation": "none"}}
    with pytest.raises(ConfigError, match="no test images to evaluate"):
        inspect("trained_network", {"config": config}, 0)
