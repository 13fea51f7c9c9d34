import json
import os
import random
from hashlib import sha256

import pytest

from handgrad.errors import IntegrityError, ResourceError, RunError
from handgrad.training import resume
from handgrad.training.manifest import (
    KEPT,
    MANIFEST,
    _content,
    check_kept,
    check_manifest,
    seal,
    unseal,
)

from .small import stop_after, train
from .test_run import fill_disk


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("manifest") / "run"
    train(path)
    return path


def damaged(path, content, folder):
    """The error for changed content of a file, which is restored afterwards."""
    before = path.read_bytes()
    path.write_bytes(content)
    with pytest.raises(IntegrityError) as error:
        check_manifest(folder)
    path.write_bytes(before)
    return str(error.value)


def files_of(run):
    return sorted(
        path
        for path in run.rglob("*")
        if path.is_file() and not path.name.startswith("owner-")
    )


def flip(content, bit):
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_a_finished_run_is_what_its_manifest_says(run):
    names = {path.relative_to(run).as_posix() for path in files_of(run)}
    listed = json.loads((run / MANIFEST).read_bytes())["files"]
    assert names - {MANIFEST} == set(listed)
    assert check_manifest(run) == len(listed) >= 10


def bit_flips(run, times, seed):
    """Flip bits in every file of a run, `times` times in all; each is refused (R8)."""
    draw = random.Random(seed)
    files = files_of(run)
    for number in range(times):
        file = files[number % len(files)]
        content = file.read_bytes()
        said = damaged(file, flip(content, draw.randrange(8 * len(content))), run)
        assert said.startswith(f"{file} is damaged")
    check_manifest(run)


def test_every_flipped_bit_of_every_file_is_refused_by_name(run, seed):
    bit_flips(run, 500, seed)


@pytest.mark.nightly
def test_every_flipped_bit_is_refused_often(run, seed):
    bit_flips(run, 5_000 * len(files_of(run)), seed)


def test_every_truncation_of_the_manifest_is_refused(run):
    content = (run / MANIFEST).read_bytes()
    for length in range(0, len(content), 5):
        assert MANIFEST in damaged(run / MANIFEST, content[:length], run)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_a_manifest_that_names_files_elsewhere_is_refused(run, tmp_path, name):
    listed = json.loads((run / MANIFEST).read_bytes())["files"]
    from handgrad.training.manifest import _content

    content = _content({**listed, name: [0, "0" * 64]})
    assert MANIFEST in damaged(run / MANIFEST, content, run)


@pytest.mark.parametrize("name", ["m" * 300, "a\0b", ""])
def test_a_name_that_no_file_can_have_is_missing(run, name):
    listed = json.loads((run / MANIFEST).read_bytes())["files"]
    from handgrad.training.manifest import _content

    content = _content({**listed, name: [0, "0" * 64]})
    assert "is missing" in damaged(run / MANIFEST, content, run)


@pytest.mark.parametrize("files", [1, [], "config.toml", None])
def test_a_manifest_of_something_else_is_refused(run, files):
    from handgrad.training.manifest import _content

    assert MANIFEST in damaged(run / MANIFEST, _content(files), run)


def test_a_missing_file_is_named_and_one_that_came_later_is_left_alone(tmp_path):
    train(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    check_manifest(tmp_path / "run")
    (tmp_path / "run" / "timings.jsonl").unlink()
    with pytest.raises(IntegrityError, match=r"timings\.jsonl is missing"):
        check_manifest(tmp_path / "run")


def test_a_run_that_has_not_ended_has_none(tmp_path):
    train(tmp_path / "run")
    unseal(tmp_path / "run")
    unseal(tmp_path / "run")
    with pytest.raises(RunError, match=r"has no manifest\.json, so the run has not"):
        check_manifest(tmp_path / "run")
    seal(tmp_path / "run")
    check_manifest(tmp_path / "run")


def test_temporary_and_owner_files_are_not_listed(tmp_path):
    (tmp_path / "part").mkdir()
    for name in ("b", "a", "part/c", ".tmp-1-d", "part/.tmp-1-e", "owner-7.json"):
        (tmp_path / name).write_text(name)
    seal(tmp_path)
    seal(tmp_path)
    listed = json.loads((tmp_path / MANIFEST).read_bytes())["files"]
    assert list(listed) == ["a", "b", "part/c"]
    assert listed["part/c"] == [6, sha256(b"part/c").hexdigest()]


def test_a_manifest_is_removed_before_files_change(tmp_path, monkeypatch):
    seal(tmp_path)
    flushed = []

    def note(handle):
        flushed.append((os.fstat(handle).st_ino, list(tmp_path.iterdir())))

    monkeypatch.setattr(os, "fsync", note)
    unseal(tmp_path)
    assert flushed == [(tmp_path.stat().st_ino, [])]


def test_an_unreadable_manifest_is_a_run_error(tmp_path):
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(RunError, match=r"manifest\.json cannot be read: Is a direct"):
        check_manifest(tmp_path)


def test_a_resumed_run_has_a_complete_manifest_again(tmp_path):
    train(tmp_path / "run")
    assert list(resume(tmp_path / "run")) == []
    check_manifest(tmp_path / "run")


@pytest.mark.parametrize("name", ["data.json", "environment.json", MANIFEST])
@pytest.mark.parametrize("content", [b"", b"{}\n"])
def test_a_file_that_resuming_keeps_is_not_sealed_damaged(run, name, content):
    before = (run / name).read_bytes()
    (run / name).write_bytes(content)
    said = rf"{name} is damaged: .* what .*\. Restore a backup of the run"
    try:
        for epochs in (None, 9):
            with pytest.raises(IntegrityError, match=said):
                resume(run, epochs=epochs)
    finally:
        (run / name).write_bytes(before)
    check_manifest(run)


def test_files_that_resuming_writes_are_written_again(tmp_path):
    train(tmp_path / "run")
    before = json.loads((tmp_path / "run" / "result.json").read_text())
    (tmp_path / "run" / "result.json").write_text("")
    assert list(resume(tmp_path / "run")) == []
    check_manifest(tmp_path / "run")
    after = json.loads((tmp_path / "run" / "result.json").read_text())
    assert {**before, "seconds": 0} == {**after, "seconds": 0}


def test_kept_files_are_compared_only_with_a_manifest(tmp_path):
    for name in KEPT:
        (tmp_path / name).write_text("{}")
    check_kept(tmp_path)
    seal(tmp_path)
    (tmp_path / KEPT[2]).unlink()
    with pytest.raises(IntegrityError, match=r"initial.safetensors is missing\."):
        check_kept(tmp_path)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_full_disk_leaves_no_manifest_that_is_wrong(tmp_path, monkeypatch, failing):
    train(tmp_path / "run")
    unseal(tmp_path / "run")  # else there is nothing to write
    run = resume(tmp_path / "run")
    with monkeypatch.context() as patch:
        fill_disk(patch, failing)
        with pytest.raises(ResourceError):
            list(run)
    with pytest.raises(RunError, match="so the run has not ended"):
        check_manifest(tmp_path / "run")


@pytest.mark.parametrize("name", ["config.toml", "checkpoints/best.json"])
def test_a_manifest_must_list_what_every_run_writes(tmp_path, name):
    train(tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    files = json.loads(manifest.read_text())["files"]
    del files[name]
    manifest.write_bytes(_content(files))
    with pytest.raises(IntegrityError, match=f"does not list {name}, which every run"):
        check_manifest(tmp_path / "run")


@pytest.mark.parametrize("name", ["data.json", "environment.json"])
@pytest.mark.parametrize("content", [b"", b'{"versions": {', b"[]", b"\xff\xfe\0"])
def test_a_run_that_has_not_ended_is_not_resumed_with_a_damaged_file(
    tmp_path, name, content
):
    stop_after(tmp_path / "run", 2)
    (tmp_path / "run" / name).write_bytes(content)
    said = rf"{name} is damaged: it holds no .* object\. Restore a backup of the run"
    with pytest.raises(IntegrityError, match=said):
        resume(tmp_path / "run")
