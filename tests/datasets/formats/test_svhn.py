import numpy as np
import pytest
from scipy.io import savemat

from handgrad.datasets import load
from handgrad.datasets.formats.svhn import read_svhn
from handgrad.errors import DatasetError, ResourceError

from .makers import images

X = images(20, 32, 32, 3)
Y = (np.arange(20) % 10 + 1)[:, None]


def put_mat(path, x=X, y=Y):
    savemat(path, {"X": np.moveaxis(x, 0, 3), "y": y.astype(np.uint8)})
    return path


def test_ten_is_zero_and_images_come_first(tmp_path):
    for name in ("train", "test", "extra"):
        put_mat(tmp_path / f"{name}_32x32.mat")
    dataset = load(tmp_path)
    assert dataset.class_names == tuple("0123456789")
    assert dataset.train.targets.tolist() == (np.arange(1, 21) % 10).tolist()
    np.testing.assert_array_equal(dataset.train.images, X.transpose(0, 3, 1, 2))
    assert len(dataset.test) == 20
    notes = read_svhn(sorted(tmp_path.iterdir()), None).notes
    assert notes == ("extra_32x32.mat",)


def test_a_single_file_is_split(tmp_path):
    dataset = load(
        put_mat(tmp_path / "extra_32x32.mat", *(np.repeat(a, 5, 0) for a in (X, Y)))
    )
    assert (len(dataset.train), len(dataset.test)) == (80, 20)


def test_other_matlab_files_are_refused(tmp_path):
    savemat(tmp_path / "a.mat", {"X": np.zeros((3, 3)), "z": 1})
    with pytest.raises(DatasetError, match="does not hold X"):
        load(tmp_path / "a.mat")
    (tmp_path / "c.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(DatasetError, match="damaged MATLAB file"):
        load(tmp_path / "c.mat")
    content = put_mat(tmp_path / "d.mat").read_bytes()
    (tmp_path / "d.mat").write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=r"d\.mat"):
        load(tmp_path / "d.mat")


@pytest.mark.parametrize("axis", [0, 2])
def test_other_names_are_read_if_unambiguous(tmp_path, axis):
    pixels, labels = images(20, 7, 6), np.arange(20) % 10 + 1
    arrays = {"fea": np.moveaxis(pixels, 0, axis), "gnd": labels, "size": [[7]]}
    savemat(tmp_path / "a.mat", arrays)
    part = read_svhn([tmp_path / "a.mat"], None).parts[0]
    np.testing.assert_array_equal(part.images[:, 0], pixels)
    assert part.labels.tolist() == labels.tolist()  # not SVHN: 10 stays 10


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": images(9, 7, 9), "b": np.arange(9)},
        {"a": images(9, 7, 5), "b": np.arange(9), "c": np.arange(9)},
        {"a": images(9, 7, 5), "b": images(9, 7, 6), "c": np.arange(9)},
        {"a": images(9, 7, 5), "b": np.arange(8)},
        {},
    ],
)
def test_ambiguous_arrays_are_refused(tmp_path, arrays):
    savemat(tmp_path / "a.mat", arrays)
    with pytest.raises(DatasetError, match=r"nor one array of images .* numpy\.savez"):
        load(tmp_path / "a.mat")


def test_too_little_memory_is_not_reported_as_damage(tmp_path, monkeypatch):
    path = put_mat(tmp_path / "a.mat")
    monkeypatch.setattr("handgrad.free_memory.free_memory", lambda: 10)
    with pytest.raises(ResourceError, match=r"needs .* of memory"):
        load(path)
