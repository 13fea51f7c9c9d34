import numpy as np
import pytest

from handgrad import datasets
from handgrad.datasets import Dataset, Split
from handgrad.datasets.array_file import ARRAY_FILE, load_arrays, save_arrays
from handgrad.datasets.dataset import checksum_of
from handgrad.errors import DatasetError


def split(count, dtype=np.uint8):
    images = np.arange(count * 6).reshape(count, 1, 2, 3).astype(dtype)
    return Split(images, np.arange(count) % 2)


@pytest.fixture
def dataset():
    train, test = split(5), split(3)
    return Dataset("arrays", train, test, ("no", "yes, §"), checksum_of(train, test))


def test_saved_arrays_are_loaded_unchanged(dataset, tmp_path):
    save_arrays(tmp_path / ARRAY_FILE, dataset)
    for found in (
        load_arrays(tmp_path / ARRAY_FILE),
        datasets.load(tmp_path / ARRAY_FILE),
    ):
        assert found.class_names == dataset.class_names
        assert found.checksum == dataset.checksum
        for name in ("train", "test"):
            one, other = getattr(found, name), getattr(dataset, name)
            assert np.array_equal(one.images, other.images)
            assert one.images.dtype == other.images.dtype
            assert np.array_equal(one.targets, other.targets)


def test_without_test_images_there_are_none(tmp_path):
    train = split(4, np.float32)
    save_arrays(tmp_path / ARRAY_FILE, Dataset("a", train, None, ("0", "1"), ""))
    found = load_arrays(tmp_path / ARRAY_FILE)
    assert found.test is None
    assert found.train.images.dtype == np.float32


def test_a_damaged_file_is_refused_by_name(dataset, tmp_path):
    path = tmp_path / ARRAY_FILE
    save_arrays(path, dataset)
    content = path.read_bytes()
    for wrong in (b"", b"nothing", content[:40], content[:-1]):
        path.write_bytes(wrong)
        with pytest.raises(DatasetError, match="not a data set saved by Handgrad"):
            load_arrays(path)


def test_targets_out_of_range_are_refused(tmp_path):
    train = Split(split(4).images, np.asarray([0, 1, 2, 0]))
    save_arrays(tmp_path / ARRAY_FILE, Dataset("a", train, None, ("0", "1"), ""))
    with pytest.raises(DatasetError, match="label 2 of image 2 is out of range"):
        load_arrays(tmp_path / ARRAY_FILE)
