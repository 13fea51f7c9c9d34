import errno
import os
from pathlib import Path

import pytest

from handgrad.cli.output_files import check_figure, file_target
from handgrad.errors import ConfigError, ResourceError, RunError
from handgrad.training import atomic


def test_figures_are_png_or_svg(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_figure(None)
    check_figure(Path("a.png"))
    check_figure(Path("new/folder/a.svg"))
    with pytest.raises(ConfigError, match=r"--figure a\.png"):
        check_figure(Path("a.jpeg"))
    assert list(tmp_path.iterdir()) == []


def test_a_target_needs_its_folder(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a.csv")
    assert file_target("--csv", link) == (tmp_path / "a.csv").resolve()
    with pytest.raises(ConfigError, match=r"--csv writes to .*folder does not exist"):
        file_target("--csv", tmp_path / "none" / "a.csv")
    with pytest.raises(ConfigError, match="a device, a pipe or a folder"):
        check_figure(Path("/dev/full.png"))
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written: Not a directory"):
        check_figure(tmp_path / "file" / "a.png")


def test_a_file_of_another_ending_is_not_replaced(tmp_path):
    path = tmp_path / "numbers.npz"
    assert file_target("--onnx", path, ".onnx") == path
    path.touch()
    assert file_target("--onnx", path, ".onnx") == path
    path.write_bytes(b"1")
    assert file_target("--python", path) == path
    with pytest.raises(ConfigError, match=r"not end in \.onnx.*as numbers\.onnx"):
        file_target("--onnx", path, ".onnx")
    model = tmp_path / "a.ONNX"
    model.write_bytes(b"1")
    assert file_target("--onnx", model, ".onnx") == model


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, ResourceError), (errno.EROFS, RunError)]
)
def test_a_target_can_be_written(tmp_path, monkeypatch, number, error):
    def fail(handle, content):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic, "write_all", fail)
    with pytest.raises(error, match="cannot be written"):
        file_target("--csv", tmp_path / "a.csv")
    with pytest.raises(error, match="cannot be written"):
        check_figure(tmp_path / "new" / "a.png")
    assert list(tmp_path.iterdir()) == []
