import errno
import os
import resource
import signal

import pytest

from handgrad.errors import ResourceError, RunError
from handgrad.training import atomic
from handgrad.training.atomic import (
    append,
    claim_file,
    flush_folder,
    make_folder,
    sweep,
    write_all,
    write_file,
    write_folder,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert names(tmp_path) == ["a"]


def test_a_folder_appears_with_all_its_files(tmp_path):
    write_folder(tmp_path / "new", {"a": b"1", "b": b""})
    assert names(tmp_path / "new") == ["a", "b"]
    assert names(tmp_path) == ["new"]


def test_an_existing_folder_is_not_written_over(tmp_path):
    write_folder(tmp_path / "new", {"a": b"1"})
    with pytest.raises(RunError, match="new cannot be written"):
        write_folder(tmp_path / "new", {"a": b"2"})
    assert (tmp_path / "new" / "a").read_bytes() == b"1"
    assert names(tmp_path) == ["new"]


def test_appending_gives_the_new_size(tmp_path):
    assert append(tmp_path / "log", b"one\n") == 4
    assert append(tmp_path / "log", b"two\n") == 8
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_a_claim_is_made_once(tmp_path):
    assert claim_file(tmp_path / "owner", b"me")
    assert not claim_file(tmp_path / "owner", b"you")
    assert (tmp_path / "owner").read_bytes() == b"me"
    assert names(tmp_path) == ["owner"]


def test_sweeping_removes_what_is_half_written_and_nothing_else(tmp_path):
    (tmp_path / ".tmp-1-a").write_text("half")
    (tmp_path / ".tmp-2-b").mkdir()
    (tmp_path / ".tmp-2-b" / "c").write_text("half")
    (tmp_path / "kept").write_text("whole")
    sweep(tmp_path)
    assert names(tmp_path) == ["kept"]


ACTIONS = {
    "file": lambda folder: write_file(folder / "old", b"new content"),
    "folder": lambda folder: write_folder(folder / "new", {"a": b"x", "b": b"y"}),
    "append": lambda folder: append(folder / "old", b"more"),
    "claim": lambda folder: claim_file(folder / "owner", b"me"),
}
FAULTS = {
    errno.ENOSPC: ResourceError,
    errno.EFBIG: ResourceError,
    errno.EACCES: RunError,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("number", FAULTS)
@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_every_failing_call_leaves_what_was_there(
    tmp_path, monkeypatch, action, number, call
):
    (tmp_path / "old").write_bytes(b"old")
    real = getattr(os, call)

    def fail(*arguments, **options):
        if call == "open" and not arguments[1] & os.O_WRONLY:
            return real(*arguments, **options)  # looking and removing still work
        if call == "write":  # a disk takes a part before it is full
            real(arguments[0], bytes(arguments[1])[:1])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, call, fail)
    with pytest.raises(FAULTS[number], match=os.strerror(number)):
        ACTIONS[action](tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


@pytest.mark.parametrize("action", ["file", "folder", "claim"])
def test_an_interrupt_leaves_nothing_half_written(tmp_path, monkeypatch, action):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ACTIONS[action](tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == []


@pytest.mark.parametrize("action", ["file", "folder", "append"])
def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path, action):
    place = tmp_path / "place"
    place.write_text("not a folder")
    with pytest.raises(RunError, match="cannot be written: Not a directory") as error:
        ACTIONS[action](place)
    assert "\n" not in str(error.value)
    with pytest.raises(RunError, match="place"):
        make_folder(place)


def test_a_limit_on_file_sizes_is_reported(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(ResourceError, match=r"it takes 2,000 bytes and [\d,]+ are"):
            write_file(tmp_path / "a", bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


def test_a_full_device_is_reported():
    handle = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            write_all(handle, b"x")
    finally:
        os.close(handle)


def test_bytes_that_the_system_takes_in_parts_all_arrive(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(atomic.os, "write", lambda handle, part: real(handle, part[:3]))
    write_file(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.fixture
def calls(monkeypatch):
    """What reaches the disk, in order: flushes, by the file's inode, and renames."""
    seen = []
    flush = os.fsync

    def note(name):
        real = getattr(os, name)

        def renamed(old, new):
            real(old, new)
            seen.append(f"{name} {new.name}")

        return renamed

    def flushed(handle):
        inode = os.fstat(handle).st_ino
        seen.append((inode, "fsync"))
        flush(handle)

    for name in ("replace", "rename", "link"):
        monkeypatch.setattr(atomic.os, name, note(name))
    monkeypatch.setattr(atomic.os, "fsync", flushed)
    return seen


def inode(path):
    return path.stat().st_ino, "fsync"


def test_a_file_is_on_the_disk_before_its_name_is(tmp_path, calls):
    write_file(tmp_path / "a", b"content")
    assert calls == [inode(tmp_path / "a"), "replace a", inode(tmp_path)]


def test_a_folder_is_on_the_disk_before_its_name_is(tmp_path, calls):
    write_folder(tmp_path / "new", {"a": b"1", "b": b"2"})
    new = tmp_path / "new"
    parts = [inode(new / "a"), inode(new / "b"), inode(new)]
    assert calls == [*parts, "rename new", inode(tmp_path)]


def test_a_claim_is_on_the_disk_before_its_name_is(tmp_path, calls):
    claim_file(tmp_path / "owner", b"me")
    assert calls == [inode(tmp_path / "owner"), "link owner"]


def test_windows_opens_no_folders(tmp_path, monkeypatch):
    flush_folder(tmp_path)
    monkeypatch.setattr(atomic.os, "name", "nt")
    monkeypatch.setattr(atomic.os, "open", None)
    flush_folder(tmp_path)


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_stays_open(tmp_path, action):
    def lowest_free():
        handle = os.open(os.devnull, os.O_RDONLY)
        os.close(handle)
        return handle

    before = lowest_free()
    ACTIONS[action](tmp_path)
    assert lowest_free() == before


@pytest.mark.parametrize("action", ["file", "append", "claim"])
def test_who_may_read_is_left_to_the_umask(tmp_path, action):
    before = os.umask(0)
    try:
        ACTIONS[action](tmp_path)
    finally:
        os.umask(before)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o666
