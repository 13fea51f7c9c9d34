import numpy as np
import pytest
from scipy.io import savemat

from handgrad.datasets.formats.mat5 import read_mat5
from handgrad.errors import DatasetError

from .makers import images

KINDS = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_packed", [True, False])
def test_files_written_by_scipy_are_read(tmp_path, kind, is_packed):
    values = {
        "X": images(4).astype(kind),
        "y": np.arange(3).astype(kind),
        "z": np.ones(1),
    }
    savemat(tmp_path / "a.mat", values, do_compression=is_packed)
    found = read_mat5(tmp_path / "a.mat")
    assert list(found) == ["X", "y", "z"]
    np.testing.assert_array_equal(found["X"], values["X"])
    np.testing.assert_array_equal(found["y"], values["y"][None])


def test_other_values_are_ignored(tmp_path):
    savemat(tmp_path / "a.mat", {"t": "text", "c": np.array([1j]), "s": {"a": 1}})
    assert read_mat5(tmp_path / "a.mat") == {}


@pytest.mark.parametrize("is_packed", [True, False])
def test_truncated_files_are_refused(tmp_path, is_packed):
    path = tmp_path / "a.mat"
    savemat(path, {"X": images(1)}, do_compression=is_packed)
    content = path.read_bytes()
    for end in range(129, len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(DatasetError, match="is a damaged MATLAB file"):
            read_mat5(path)


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_changed_byte_gives_numbers_or_an_error(tmp_path, is_packed):
    path = tmp_path / "a.mat"
    savemat(path, {"X": images(1)}, do_compression=is_packed)
    content = path.read_bytes()
    for place in range(126, len(content)):
        for value in (0, 127, 255):
            changed = bytearray(content)
            changed[place] = value
            path.write_bytes(changed)
            try:
                assert isinstance(read_mat5(path), dict)
            except DatasetError:
                continue


def test_an_unreadable_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read: No such file"):
        read_mat5(tmp_path / "none.mat")
