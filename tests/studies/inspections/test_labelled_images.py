import numpy as np
import pytest

from handgrad import datasets
from handgrad.errors import ConfigError
from handgrad.studies.inspections import Place, inspect
from handgrad.studies.inspections.labelled_images import as_idx, read_back


def test_the_first_images_and_their_names(tmp_path):
    options = {"count": 6, "split": "test"}
    found = inspect("labelled_pictures", options, 0, Place(tmp_path))
    test = datasets.load("digits").test
    assert [found[f"class_{n + 1}"] for n in range(6)] == test.targets[:6].tolist()
    assert (found["shown"], found["classes"], found["height"]) == (6, 10, 28)
    lines = (tmp_path / "figures" / "labelled_pictures.csv").read_text().splitlines()
    assert lines[1] == f"1,{test.targets[0]},{test.targets[0]}"


def test_only_existing_splits():
    with pytest.raises(ConfigError, match="'train' or 'test'"):
        inspect("labelled_pictures", {"split": "tset"}, seed=0)


def test_scalings_have_the_right_range():
    found = inspect("reading", {}, seed=0)
    assert (found["unit_lowest"], found["unit_highest"]) == (0, 1)
    assert (found["half_lowest"], found["half_highest"]) == (-1, 1)
    assert found["differing_pixels"] == 0
    pixels = datasets.load("digits", image_size=(28, 28)).train.images / 255
    assert found["mean"] == pytest.approx(pixels.mean())
    assert found["std"] == pytest.approx(pixels.std())


def test_bytes_of_an_idx_file_by_hand():
    images = np.array([[[1, 2, 3]], [[4, 5, 255]]], dtype=np.uint8)
    header = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3])
    assert as_idx(images) == header + bytes([1, 2, 3, 4, 5, 255])
    np.testing.assert_array_equal(read_back(images), images)
