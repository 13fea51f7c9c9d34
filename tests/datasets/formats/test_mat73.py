import sys

import numpy as np
import pytest

from handgrad.datasets import load
from handgrad.datasets.formats.mat73 import read_mat73
from handgrad.errors import DatasetError

from .makers import images

X, Y = images(20, 8, 8, 3), np.arange(20) % 10 + 1
HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512)


def put_mat(path, arrays, more=None):
    """Write a file like MATLAB: a header block before HDF5, axes in reverse order."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            options = {"compression": "gzip"} if array.ndim else {}
            file.create_dataset(name, data=array.T, **options)
        if more is not None:
            more(h5py, file)
    with path.open("r+b") as file:
        file.write(HEADER)
    return path


def test_svhn_as_version_7_3(tmp_path):
    put_mat(tmp_path / "a.mat", {"X": np.moveaxis(X, 0, 3), "y": Y[:, None]})
    whole = load(tmp_path / "a.mat")
    assert whole.class_names == tuple("0123456789")
    values = read_mat73(tmp_path / "a.mat")
    np.testing.assert_array_equal(values["X"], np.moveaxis(X, 0, 3))


def test_only_data_in_the_file_itself_is_read(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(64))

    def link(h5py, file):
        kept = [(str(tmp_path / "secret"), 0, 64)]
        file.create_dataset("external", (64,), "u1", external=kept)
        file["linked"] = h5py.ExternalLink("other.h5", "/x")
        file["soft"] = h5py.SoftLink("/y")
        layout = h5py.VirtualLayout((2,), "u1")
        layout[:] = h5py.VirtualSource(str(tmp_path / "b.h5"), "x", (2,))
        file.create_virtual_dataset("virtual", layout)
        file.create_group("group")
        file["text"] = "words"
        file["empty"] = h5py.Empty("f8")

    put_mat(tmp_path / "a.mat", {"y": Y, "scalar": np.array(3)}, link)
    assert set(read_mat73(tmp_path / "a.mat")) == {"y"}


def test_a_size_beyond_memory_is_refused(tmp_path):
    def huge(h5py, file):
        file.create_dataset("X", (1 << 20, 1 << 20), "u1", chunks=(64, 64))

    put_mat(tmp_path / "a.mat", {"y": Y}, huge)
    with pytest.raises(ValueError, match=r"a\.mat needs"):
        load(tmp_path / "a.mat")


@pytest.mark.parametrize("at", [520, 600, 2000])
def test_a_damaged_file_is_refused(tmp_path, at):
    path = put_mat(tmp_path / "a.mat", {"X": np.moveaxis(X, 0, 3), "y": Y})
    content = path.read_bytes()
    path.write_bytes(content[:at])
    with pytest.raises(DatasetError, match=r"a\.mat is a damaged MATLAB file"):
        load(path)


def test_without_h5py_the_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.mat").write_bytes(HEADER)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DatasetError, match=r"needs h5py.* save the file with -v7"):
        load(tmp_path / "a.mat")
