import errno
import os
import re
import resource
import signal

import pytest

from handgrad.errors import ResourceError, RunError
from handgrad.training import atomic, real_files
from handgrad.training.atomic import (
    append,
    cannot_write,
    claim_file,
    cut,
    make_folder,
    remove_file,
    sweep,
    write_all,
    write_file,
    write_files,
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


def test_sweep_removes_only_temporary_files(tmp_path):
    (tmp_path / ".tmp-1-0123abcd-a").write_text("half")
    (tmp_path / ".tmp-2-0123abcd-b").mkdir()
    (tmp_path / ".tmp-2-0123abcd-b" / "c").write_text("half")
    (tmp_path / "kept").write_text("whole")
    (tmp_path / ".tmp-kept").write_text("a user's")
    (tmp_path / ".tmp-3-0123abcd-link").symlink_to("kept")
    sweep(tmp_path)
    assert names(tmp_path) == [".tmp-kept", "kept"]


ACTIONS = {
    "file": lambda folder: write_file(folder / "old", b"new content"),
    "folder": lambda folder: write_folder(folder / "new", {"a": b"x", "b": b"y"}),
    "append": lambda folder: append(folder / "old", b"more"),
    "files": lambda folder: write_files(folder / "in" / "it", {"a": b"1", "b": b"2"}),
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
def test_files_are_unchanged_after_any_failing_call(
    tmp_path, monkeypatch, action, number, call
):
    (tmp_path / "old").write_bytes(b"old")
    real = getattr(os, call)

    def fail(*arguments, **options):
        if call == "open" and not arguments[1] & os.O_WRONLY:
            return real(*arguments, **options)  # reading status and removing still work
        if call == "write":  # a disk accepts a part before it is full
            real(arguments[0], bytes(arguments[1])[:1])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, call, fail)
    with pytest.raises(FAULTS[number], match=os.strerror(number)):
        ACTIONS[action](tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"


@pytest.mark.parametrize("action", ["file", "folder", "files", "claim"])
def test_an_interrupt_leaves_nothing_half_written(tmp_path, monkeypatch, action):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ACTIONS[action](tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == []


@pytest.mark.parametrize("action", ["file", "folder", "append"])
def test_a_file_in_place_of_the_folder_is_a_run_error(tmp_path, action):
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
        with pytest.raises(ResourceError, match=r"needs 2,000 bytes\. Raise the limit"):
            write_file(tmp_path / "a", bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, r"needs 5 bytes and [\d,]+ are free\. Free some disk space"),
        (errno.EDQUOT, r"needs 5 bytes\. Delete some of your files, .* quota raised"),
        (errno.EFBIG, r"needs 5 bytes\. Raise the limit on file sizes \(ulimit -f\)"),
    ],
)
def test_the_advice_fits_the_kind_of_full_disk(tmp_path, number, words):
    error = OSError(number, os.strerror(number))
    assert re.search(words, str(cannot_write(tmp_path / "a", error, 5)))


def test_a_full_device_is_reported():
    handle = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(OSError, match="No space left"):
            write_all(handle, b"x")
    finally:
        os.close(handle)


def test_partial_writes_are_completed(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(atomic.os, "write", lambda handle, part: real(handle, part[:3]))
    write_file(tmp_path / "a", b"0123456789")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.fixture
def calls(monkeypatch):
    """The flushes (by inode) and renames of the test, in order."""
    seen = []
    flush = os.fsync

    def note(name):
        real = getattr(os, name)

        def renamed(old, new, **folders):
            real(old, new, **folders)
            seen.append(f"{name} {new}")

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


def test_a_file_is_flushed_before_it_is_renamed(tmp_path, calls):
    write_file(tmp_path / "a", b"content")
    assert calls == [inode(tmp_path / "a"), "replace a", inode(tmp_path)]


def test_a_folder_is_flushed_before_it_is_renamed(tmp_path, calls):
    write_folder(tmp_path / "new", {"a": b"1", "b": b"2"})
    new = tmp_path / "new"
    parts = [inode(new / "a"), inode(new / "b"), inode(new)]
    assert calls == [*parts, "rename new", inode(tmp_path)]


def test_a_claim_is_flushed_before_it_is_linked(tmp_path, calls):
    claim_file(tmp_path / "owner", b"me")
    assert calls == [inode(tmp_path / "owner"), "link owner"]


@pytest.mark.parametrize("action", ACTIONS)
def test_without_handles_of_folders_the_same_is_written(tmp_path, monkeypatch, action):
    monkeypatch.setattr(real_files, "HAS_HANDLES", False)  # as on Windows
    (tmp_path / "old").write_bytes(b"old")
    ACTIONS[action](tmp_path)
    made = {"folder": "new", "files": "in", "claim": "owner"}.get(action, "old")
    assert set(names(tmp_path)) == {"old", made}


@pytest.mark.parametrize("action", ACTIONS)
def test_all_handles_are_closed(tmp_path, action):
    def lowest_free():
        handle = os.open(os.devnull, os.O_RDONLY)
        os.close(handle)
        return handle

    before = lowest_free()
    ACTIONS[action](tmp_path)
    assert lowest_free() == before


@pytest.mark.parametrize("action", ["file", "append", "claim"])
def test_file_permissions_follow_the_umask(tmp_path, action):
    before = os.umask(0)
    try:
        ACTIONS[action](tmp_path)
    finally:
        os.umask(before)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o666


@pytest.fixture
def precious(tmp_path):
    """A file of the user outside the run folder."""
    path = tmp_path / "precious.txt"
    path.write_text("precious")
    return path


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


IN_PLACE = {"append": lambda path: append(path, b"x"), "cut": lambda path: cut(path, 1)}


@pytest.mark.parametrize("action", IN_PLACE)
def test_nothing_is_written_through_a_link(run, precious, action):
    (run / "metrics.jsonl").symlink_to(precious)
    with pytest.raises(RunError, match=r"metrics\.jsonl is a link, and nothing is wri"):
        IN_PLACE[action](run / "metrics.jsonl")
    assert precious.read_text() == "precious"


@pytest.mark.parametrize("action", IN_PLACE)
def test_a_hard_linked_file_is_copied_before_it_is_changed(run, precious, action):
    os.link(precious, run / "metrics.jsonl")
    IN_PLACE[action](run / "metrics.jsonl")
    assert precious.read_text() == "precious"
    assert (run / "metrics.jsonl").read_text() in ("preciousx", "p")
    assert names(run) == ["metrics.jsonl"]


def test_a_link_is_replaced_and_its_target_unchanged(run, precious):
    (run / "result.json").symlink_to(precious)
    write_file(run / "result.json", b"{}")
    assert not (run / "result.json").is_symlink()
    (run / "manifest.json").symlink_to(precious)
    remove_file(run / "manifest.json")
    assert (precious.read_text(), names(run)) == ("precious", ["result.json"])


BELOW = {
    "file": lambda run: write_file(run / "part" / "a", b"x", run),
    "folder": lambda run: write_folder(run / "part" / "a", {"b": b"x"}, run),
    "append": lambda run: append(run / "part" / "a", b"x", run),
    "make": lambda run: make_folder(run / "part" / "a" / "b", run),
    "sweep": lambda run: sweep(run / "part", run),
}


@pytest.mark.parametrize("action", BELOW)
@pytest.mark.parametrize("has_handles", [True, False])
def test_a_folder_inside_that_is_a_link_is_refused(
    tmp_path, run, monkeypatch, action, has_handles
):
    monkeypatch.setattr(real_files, "HAS_HANDLES", has_handles)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".tmp-1-0123abcd-a").write_text("not of this run")
    (run / "part").symlink_to(elsewhere)
    with pytest.raises(RunError, match="part is a link"):
        BELOW[action](run)
    assert names(elsewhere) == [".tmp-1-0123abcd-a"]


@pytest.mark.parametrize("action", BELOW)
def test_a_run_folder_that_is_reached_through_links_works(tmp_path, run, action):
    (tmp_path / "runs").symlink_to(tmp_path)
    (tmp_path / "current").symlink_to("runs/run")
    (run / "part").mkdir()
    BELOW[action](tmp_path / "current")
    assert not list((run / "part").glob(".tmp-*"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("made", [("checkpoints", "config.toml"), ("ledger", "trials")])
def test_the_advice_fits_runs_studies_and_sweeps(number, made, tmp_path):
    path = tmp_path / "checkpoints" / "file"
    said = str(atomic.cannot_write(path, OSError(number, "why")))
    assert "--resume" not in said
    assert "saved before" not in said
    assert re.search(r"then try again\.|Give another path, or make its folder", said)
    for name in made:
        (tmp_path / name).mkdir()
    said = str(atomic.cannot_write(path, OSError(number, "why")))
    assert "Everything saved before is intact." in said
    assert "a run with handgrad train --resume, a study or a sweep with the" in said
