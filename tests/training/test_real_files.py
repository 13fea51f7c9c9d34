import os
import socket

import pytest

from handgrad.errors import RunError
from handgrad.training import real_files
from handgrad.training.real_files import is_file, opened, read_file, regular


@pytest.fixture(params=["pipe", "device", "socket", "link to a device"])
def odd(request, tmp_path, monkeypatch):
    """A file in a run folder that would block or never end when read."""
    monkeypatch.chdir(tmp_path)  # socket paths must be short
    path = tmp_path / "metrics.jsonl"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("metrics.jsonl")
    else:
        path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize("ask", [read_file, is_file, regular])
def test_devices_and_pipes_are_refused_by_name(odd, ask):
    with pytest.raises(RunError, match=r"metrics\.jsonl is a (pipe|device|socket), "):
        ask(odd)


def test_a_file_replaced_by_a_pipe_after_the_check_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "a")
    monkeypatch.setattr(os, "stat", lambda path: os.lstat(__file__))
    with pytest.raises(RunError, match="is a pipe"):
        read_file(tmp_path / "a")


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_WRONLY | os.O_CREAT | os.O_APPEND])
def test_nothing_but_a_regular_file_is_opened_to_write(odd, flags):
    with opened(odd.parent) as place, pytest.raises(RunError, match=r"metrics\.jsonl"):
        place.open(odd.name, flags)


def test_files_are_read_through_links(tmp_path):
    (tmp_path / "a").write_text("content")
    (tmp_path / "b").symlink_to("a")
    assert read_file(tmp_path / "b") == b"content"
    assert is_file(tmp_path / "b")
    assert regular(tmp_path / "b") == tmp_path / "b"


def test_what_is_not_there_is_no_file(tmp_path):
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "file").write_text("")
    for name in ("no", "dangling", "round", "file/a", "m" * 300, "a\0b", "."):
        assert not is_file(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "no")
    with pytest.raises(IsADirectoryError):
        read_file(tmp_path)


def test_folders_below_the_root_are_no_links(tmp_path):
    (tmp_path / "run" / "inner").mkdir(parents=True)
    (tmp_path / "run" / "link").symlink_to("inner")
    (tmp_path / "runs").symlink_to("run")
    with opened(tmp_path / "runs" / "inner", tmp_path / "runs") as place:
        assert place.names() == []
    with opened(tmp_path / "runs" / "link") as place:  # named by the user
        assert place.names() == []
    for root in (tmp_path / "runs", tmp_path / "run"):
        with (
            pytest.raises(RunError, match="link is a link"),
            opened(root / "link", root),
        ):
            pass


def test_a_folder_replaced_by_a_link_after_the_check_is_not_entered(
    tmp_path, monkeypatch
):
    (tmp_path / "inner").symlink_to("/")
    monkeypatch.setattr(real_files.Place, "look", lambda place, name: None)
    with (
        pytest.raises(OSError, match=r"Not a directory|symbolic links"),
        opened(tmp_path / "inner", tmp_path),
    ):
        pass


def test_removing_a_link_leaves_what_it_leads_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a").write_text("")
    (tmp_path / "gone" / "below").mkdir(parents=True)
    (tmp_path / "gone" / "below" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "link").symlink_to("kept")
    with opened(tmp_path) as place:
        for name in ("gone", "link", "nothing"):
            place.remove(name)
        assert place.names() == ["kept"]
    assert (tmp_path / "kept" / "a").exists()
