import os
import stat
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from handgrad.errors import ConfigError, DatasetError, HandgradError, RunError
from handgrad.inspection.figures import save
from handgrad.paths import check_ordinary, from_here, path_of, target_of
from handgrad.studies.ledger import Ledger
from handgrad.sweeps.sweep import read_sweep
from handgrad.training.config import read_config
from handgrad.training.run_folder import RunFolder
from handgrad.training.trained_network import load

DOORS = {
    "a sweep": read_sweep,
    "a ledger": Ledger,
    "a figure": lambda path: save(Figure(), path),
    "a configuration": read_config,
    "a run": RunFolder.open,
    "a network": load,
}


def test_a_path_need_not_be_there(tmp_path):
    for path in (tmp_path, tmp_path / "no" / "such", tmp_path / "link"):
        assert path_of("load", "path", path) == path
        assert path_of("load", "path", str(path)) == path
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "below"
    assert path_of("load", "path", below) == below


class Place:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


def test_anything_that_stands_for_a_path_is_one():
    assert path_of("load", "path", Place("a")) == Path("a")


@pytest.mark.parametrize("value", [None, 3, b"a", "", "  ", [], True, Place(b"a")])
def test_what_is_no_path_is_refused(value):
    with pytest.raises(RunError, match="load takes path as a path, got"):
        path_of("load", "path", value, RunError)


@pytest.mark.parametrize("value", ["a\0b", "x" * 300, "/x" * 3000, "\ud800"])
def test_names_that_no_file_can_have_are_refused(value):
    with pytest.raises(ConfigError, match=r"load cannot use path .*Give another path"):
        path_of("load", "path", value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_that_may_not_be_entered_is_refused(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    with pytest.raises(ConfigError, match="ermission denied"):
        path_of("load", "path", closed / "file")
    closed.chmod(stat.S_IRWXU)


def test_a_link_to_itself_is_a_path(tmp_path):
    (tmp_path / "round").symlink_to("round")
    assert path_of("load", "path", tmp_path / "round") == tmp_path / "round"
    with pytest.raises(ConfigError, match="too many levels"):
        path_of("load", "path", tmp_path / "round" / "file")


def test_devices_and_pipes_are_refused_and_nothing_else(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("a")
    for place in (tmp_path, tmp_path / "file", tmp_path / "none"):
        check_ordinary(place)
    for place in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(DatasetError, match=r"is a device or a pipe\. Give it\."):
            check_ordinary(place, DatasetError, "Give it.")


@pytest.mark.parametrize("value", ["", None, 3, "a\0b"])
@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_what_is_no_path(door, value):
    with pytest.raises(HandgradError, match=r"path|folder"):
        DOORS[door](value)


def test_a_file_is_written_where_a_link_leads_and_replaces_no_device(tmp_path):
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert target_of(tmp_path / "link") == tmp_path / "real"
    assert target_of(tmp_path / "new.csv") == tmp_path / "new.csv"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "to_pipe", "."):
        with pytest.raises(ConfigError, match="a device, a pipe or a folder"):
            target_of(tmp_path / name)
    for name in ("/dev/stdout", "/dev/full", "/proc/self/fd/1"):
        with pytest.raises(ConfigError, match="a device, a pipe or a folder"):
            target_of(Path(name))


def test_a_path_is_said_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert from_here(tmp_path / "runs" / "a") == os.path.join("runs", "a")
    assert from_here(tmp_path / "-x") == os.path.join(".", "-x")
    assert from_here(tmp_path.parent / "a") == str(tmp_path.parent / "a")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert from_here(tmp_path / "runs") == str(tmp_path / "runs")
