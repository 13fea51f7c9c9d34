import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from handgrad.datasets import atomic_files
from handgrad.datasets.atomic_files import (
    STALE_SECONDS,
    TEMPORARY,
    flush,
    put_file,
    put_folder,
    sweep,
    temporary_beside,
)
from handgrad.errors import ResourceError


def write(path, content):
    """Write a file atomically."""
    with temporary_beside(path) as temporary:
        temporary.write_bytes(content)
        put_file(temporary, path)


def test_a_file_is_written_completely(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    write(path, b"one")
    write(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_the_temporary_name_is_in_the_same_folder_and_free(tmp_path):
    with (
        temporary_beside(tmp_path / "file") as one,
        temporary_beside(tmp_path / "file") as two,
    ):
        assert one.parent == two.parent == tmp_path
        assert one != two
        assert not one.exists()


def test_an_error_keeps_the_old_file_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_half_way():
        with temporary_beside(path) as temporary:
            temporary.write_bytes(b"half")
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_process_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = """
        import os, signal, sys
        from pathlib import Path
        from handgrad.datasets.atomic_files import temporary_beside
        with temporary_beside(Path(sys.argv[1])) as temporary:
            temporary.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)])
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    (left,) = set(tmp_path.iterdir()) - {path}
    assert left.name.startswith(TEMPORARY)
    long_ago = left.stat().st_mtime - STALE_SECONDS - 60
    os.utime(left, (long_ago, long_ago))
    write(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_an_old_one(tmp_path):
    path = tmp_path / "folder"
    for names in (("a", "b"), ("c",)):
        with temporary_beside(path) as temporary:
            temporary.mkdir()
            for name in names:
                (temporary / name).write_text(name)
            put_folder(temporary, path)
        assert sorted(file.name for file in path.iterdir()) == list(names)
        assert list(tmp_path.iterdir()) == [path]


def test_sweep_removes_old_files_only(tmp_path):
    old, folder, young = (tmp_path / f"{TEMPORARY}{name}" for name in "abc")
    kept = tmp_path / "file"
    for path in (old, young, kept):
        path.write_text("")
    folder.mkdir()
    (folder / "inside").write_text("")
    for path in (old, folder, kept):
        os.utime(path, (0, 0))
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == [young, kept]


def test_sweep_does_not_follow_links(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("")
    folder = tmp_path / "folder"
    folder.mkdir()
    link = folder / f"{TEMPORARY}link"
    link.symlink_to(outside)
    os.utime(outside, (0, 0))
    sweep(folder)
    assert (outside / "precious").exists()
    assert not link.is_symlink()


def test_a_folder_that_cannot_be_created_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ResourceError, match=r"file.folder cannot be written: Not a dir"
    ):
        write(tmp_path / "file" / "folder" / "x", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported():
    with (
        pytest.raises(OSError, match="No space left") as caught,
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
    error = atomic_files.cannot_write(Path("folder"), caught.value)
    assert isinstance(error, ResourceError)
    assert str(error).startswith("folder cannot be written: No space left on device.")
    assert "HANDGRAD_CACHE" in str(error)


def test_a_file_is_flushed_before_it_is_renamed_and_its_folder_after(
    tmp_path, monkeypatch
):
    path, events = tmp_path / "file", []
    fsync, replace = os.fsync, os.replace

    def note_fsync(handle):
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        events.append("folder" if is_folder else "file")
        fsync(handle)

    def note_replace(old, new):
        events.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    write(path, b"x")
    assert events == ["file", "rename", "folder"]


def test_a_folder_is_flushed_before_it_is_renamed_and_its_parent_after(
    tmp_path, monkeypatch
):
    path, events = tmp_path / "folder", []
    fsync, rename = os.fsync, Path.rename

    def note_fsync(handle):
        events.append(os.fstat(handle).st_ino)
        fsync(handle)

    def note_rename(old, new):
        events.append("rename")
        return rename(old, new)

    with temporary_beside(path) as temporary:
        temporary.mkdir()
        (temporary / "a").write_text("a")
        monkeypatch.setattr(os, "fsync", note_fsync)
        monkeypatch.setattr(Path, "rename", note_rename)
        put_folder(temporary, path)
        monkeypatch.undo()
    inside, itself, parent = (
        place.stat().st_ino for place in (path / "a", path, tmp_path)
    )
    assert events == [inside, itself, "rename", parent]


def test_no_file_stays_open(tmp_path):
    def lowest_free():
        handle = os.open(os.devnull, os.O_RDONLY)
        os.close(handle)
        return handle

    before = lowest_free()
    write(tmp_path / "file", b"x")
    assert lowest_free() == before


@pytest.mark.parametrize(("seconds", "is_left"), [(60, True), (-60, False)])
def test_temporary_files_are_kept_for_a_day(tmp_path, seconds, is_left):
    path = tmp_path / f"{TEMPORARY}a"
    path.write_text("")
    written = time.time() - 24 * 3600 + seconds
    os.utime(path, (written, written))
    sweep(tmp_path)
    assert path.exists() == is_left


def test_folders_are_not_flushed_on_windows(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("")
    flushed = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    monkeypatch.setattr(os, "name", "nt")
    flush(tmp_path)
    assert flushed == []
    flush(path)
    assert len(flushed) == 1


def test_sweep_ignores_files_that_disappear(tmp_path):
    gone = tmp_path / f"{TEMPORARY}gone"
    gone.symlink_to(tmp_path / "nowhere")
    sweep(tmp_path)
    assert gone.is_symlink()
