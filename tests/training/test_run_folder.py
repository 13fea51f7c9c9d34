import json
import os
import subprocess
import sys

import numpy as np
import pytest

from handgrad.datasets import Dataset, Split
from handgrad.datasets.array_file import ARRAY_FILE, load_arrays
from handgrad.datasets.dataset import checksum_of
from handgrad.errors import IntegrityError, ResourceError, RunError
from handgrad.training import atomic
from handgrad.training.checkpoint import Checkpoint
from handgrad.training.config import config_from
from handgrad.training.position import Position
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.run_folder import RunFolder, check_free, is_abandoned

from .small import RESOLVED, small

SETTINGS = config_from(small().model_dump(exclude_none=True) | {"resolved": RESOLVED})

STEP = StepRecord(1, 1, 0.1 + 0.2, 2, 3, 0.1, None, 0.01)
EPOCH = EpochRecord(1, 1, 0.3, 0.5, None, None, 0.1, True, 0.02, 100.0)


def arrays():
    images = np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2)
    split = Split(images, np.array([0, 1, 1]))
    return Dataset("arrays", split, None, ("a", "b"), checksum_of(split))


def created(path):
    return RunFolder.create(path, SETTINGS)


def test_a_new_folder_holds_configuration_and_environment(tmp_path):
    folder = created(tmp_path / "runs" / "first")
    assert folder.config == SETTINGS
    assert folder.result is None
    environment = json.loads((folder.path / "environment.json").read_text())
    assert environment["libraries"]["numpy"]


def test_without_a_name_every_run_gets_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [created(None).path for _ in range(3)]
    names = [f"mlp-digits-{number}" for number in (1, 2, 3)]
    assert paths == [tmp_path / "runs" / name for name in names]


def test_a_folder_with_anything_in_it_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letters.txt").write_text("dear")
    with pytest.raises(RunError, match=r"run already exists\. Give another folder"):
        created(tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["letters.txt"]


def test_whether_a_folder_is_free_is_known_before(tmp_path):
    for free in (None, tmp_path, tmp_path / "new"):
        check_free(free)
    (tmp_path / "file").touch()
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(RunError, match="already exists"):
            check_free(taken)


def test_an_empty_folder_may_be_given(tmp_path):
    (tmp_path / "run").mkdir()
    assert created(tmp_path / "run").config == SETTINGS


@pytest.mark.parametrize("name", ["run", "deep/run", "deep/er/run"])
def test_a_file_in_place_of_the_folder_is_a_run_error(tmp_path, name):
    (tmp_path / name.partition("/")[0]).write_text("a file")
    with pytest.raises(RunError, match=r"already|Not a directory|File exists"):
        created(tmp_path / name)


def test_a_name_that_is_too_long_is_a_run_error(tmp_path):
    with pytest.raises(RunError, match=r"cannot use its folder .*: file name too long"):
        created(tmp_path / ("x" * 300))


def test_a_file_called_runs_is_a_run_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match="runs cannot be written: File exists"):
        created(None)


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_full_disk_leaves_no_half_made_folder(tmp_path, monkeypatch, failing):
    count = 0
    real = atomic.write_all

    def write_all(handle, content):
        nonlocal count
        count += 1
        if count == failing:
            raise OSError(28, "No space left on device")
        real(handle, content)

    monkeypatch.setattr(atomic, "write_all", write_all)
    with pytest.raises(ResourceError, match="No space left on device"):
        created(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is not a run folder: it holds no config"):
        RunFolder.open(tmp_path)
    with pytest.raises(RunError, match="they are under runs/"):
        RunFolder.open(tmp_path / "nothing")


KILLED = """
import os, signal, sys
from pathlib import Path
from handgrad.training import atomic
from handgrad.training.run_folder import RunFolder
from tests.training.test_run_folder import SETTINGS

write = atomic._write_through
for moment in range(1, 6):
    if os.fork() == 0:
        writes = []
        def kill(place, name, content):
            write(place, name, content)
            writes.append(name)
            if len(writes) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
        atomic._write_through = kill
        path = Path(sys.argv[1], str(moment))
        RunFolder.create(path, SETTINGS, initial=b"old", record=b"{}")
        os._exit(0)
    print(os.wait()[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_run_that_was_killed_before_its_settings_is_taken_over(tmp_path):
    """By SIGKILL after each of the five files was written, before it has its name."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.split() == ["9"] * 5, ended.stderr
    for moment in range(1, 6):
        path = tmp_path / str(moment)
        with pytest.raises(RunError, match=r"killed before it began.* takes over"):
            RunFolder.open(path)
        check_free(path)
        assert created(path).config == SETTINGS
        left = {file.name for file in path.iterdir()} - {"owner-0001.json"}
        left -= {"owner-0002.json"}  # where the first had its name
        assert left == {"checkpoints", "config.toml", "environment.json"}


def test_arrays_are_there_before_the_settings(tmp_path, monkeypatch):
    write, there = RunFolder.write, []

    def watched(self, name, text):
        there.append((name, (self.path / ARRAY_FILE).exists()))
        write(self, name, text)

    monkeypatch.setattr(RunFolder, "write", watched)
    RunFolder.create(tmp_path, SETTINGS, arrays=arrays())
    assert there[-1] == ("config.toml", True)
    assert load_arrays(tmp_path / ARRAY_FILE).checksum == arrays().checksum


def test_arrays_of_a_run_that_was_killed_are_not_those_of_the_next(tmp_path):
    RunFolder.create(tmp_path, SETTINGS, arrays=arrays()).release()
    (tmp_path / "config.toml").unlink()
    assert is_abandoned(tmp_path)
    created(tmp_path)
    assert not (tmp_path / ARRAY_FILE).exists()


@pytest.mark.parametrize("name", ["config.toml", "letters.txt", "checkpoints/mine"])
def test_a_folder_with_more_than_a_killed_run_leaves_is_not_taken_over(tmp_path, name):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "owner-0001.json").write_text('{"released": true}')
    assert is_abandoned(tmp_path)
    (tmp_path / name).write_text("mine")
    assert not is_abandoned(tmp_path)
    with pytest.raises(RunError, match="already exists"):
        check_free(tmp_path)


def test_the_folder_of_a_run_that_is_starting_is_not_taken_over(tmp_path):
    folder = created(tmp_path)
    (tmp_path / "config.toml").unlink()
    with pytest.raises(RunError, match="already exists"):
        check_free(tmp_path)
    folder.release()
    check_free(tmp_path)


def test_metrics_hold_numbers_that_repeat_timings_the_others(tmp_path):
    folder = created(tmp_path / "run")
    folder.add(STEP)
    folder.add(EPOCH)
    assert folder.records() == []
    folder.flush()
    step, epoch = folder.records()
    assert step["loss"] == 0.1 + 0.2
    assert (step["kind"], epoch["kind"]) == ("step", "epoch")
    assert not {"duration_seconds", "images_per_second"} & (step.keys() | epoch.keys())
    lines = (folder.path / "timings.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == {
        "kind": "epoch",
        "step": 1,
        "duration_seconds": 0.02,
        "images_per_second": 100.0,
    }


def test_a_torn_line_is_left_out(tmp_path):
    folder = created(tmp_path / "run")
    for _ in range(2):
        folder.add(STEP)
    folder.flush()
    path = folder.path / "metrics.jsonl"
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert len(folder.records()) == (length >= first)


def test_truncation_removes_later_lines(tmp_path):
    folder = created(tmp_path / "run")
    folder.add(STEP)
    sizes = folder.flush()
    kept = (folder.path / "metrics.jsonl").read_bytes()
    folder.add(EPOCH)
    folder.flush()
    folder.cut_back(sizes)
    assert (folder.path / "metrics.jsonl").read_bytes() == kept
    folder.cut_back({"metrics": 0, "timings": 0})
    assert folder.records() == []


def test_what_is_flushed_is_not_flushed_again(tmp_path):
    folder = created(tmp_path / "run")
    folder.add(STEP)
    folder.flush()
    folder.add(EPOCH)
    folder.flush()
    assert [record["kind"] for record in folder.records()] == ["step", "epoch"]


def test_logs_without_later_lines_are_not_truncated(tmp_path):
    folder = created(tmp_path / "run")
    folder.cut_back({"metrics": 0})  # the file is missing too
    folder.add(STEP)
    sizes = folder.flush()
    folder.cut_back(sizes)
    assert len(folder.records()) == 1


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    folder = created(tmp_path / "run")
    for noted in ({}, {"config_sha256": folder.config_checksum()}):
        folder.check_config(Checkpoint({}, Position(), noted))
    with pytest.raises(IntegrityError, match=r"config\.toml has changed since"):
        folder.check_config(Checkpoint({}, Position(), {"config_sha256": "0" * 64}))


@pytest.mark.parametrize(("length", "dots"), [(5, ""), (40, ""), (41, "...")])
def test_a_damaged_result_is_shown_by_its_beginning(tmp_path, length, dots):
    folder = created(tmp_path / "run")
    (folder.path / "result.json").write_text("x" * length)
    with pytest.raises(IntegrityError) as error:
        _ = folder.result
    assert f"it holds '{'x' * min(length, 40)}'{dots}. Restore" in str(error.value)


def test_lines_of_a_failed_flush_are_written_by_the_next(tmp_path, monkeypatch):
    folder = created(tmp_path / "run")
    folder.add(STEP)
    with monkeypatch.context() as patch:

        def fail(handle, content):
            raise OSError(28, "No space left on device")

        patch.setattr(atomic, "write_all", fail)
        with pytest.raises(ResourceError, match="No space left"):
            folder.flush()
    folder.add(EPOCH)
    folder.flush()
    assert [line["kind"] for line in folder.records()] == ["step", "epoch"]


def test_only_the_owner_removes_files(tmp_path):
    folder = created(tmp_path / "run")
    (folder.path / ".tmp-1-0123abcd-a").write_text("half")
    RunFolder.open(folder.path)
    assert (folder.path / ".tmp-1-0123abcd-a").exists()
    with pytest.raises(RunError, match="is in use"):
        RunFolder.open(folder.path).own()
    assert (folder.path / ".tmp-1-0123abcd-a").exists()
    folder.release()
    RunFolder.open(folder.path).own()
    assert not (folder.path / ".tmp-1-0123abcd-a").exists()


def test_the_result_can_be_read(tmp_path):
    folder = created(tmp_path / "run")
    folder.write_result({"test_accuracy": 0.9, "test_loss": None})
    assert folder.result == {"test_accuracy": 0.9, "test_loss": None}


@pytest.mark.parametrize("line", [b"{", b"1", b"\xff", b"[" * 5000, b"9" * 5000])
def test_a_line_that_no_run_writes_is_named(tmp_path, line):
    folder = created(tmp_path / "run")
    for name, read in (
        ("metrics.jsonl", folder.records),
        ("result.json", lambda: folder.result),
    ):
        (folder.path / name).write_bytes(line + b"\n")
        with pytest.raises(IntegrityError, match=f"{name} is damaged: .*Restore"):
            read()


def test_a_configuration_that_no_run_has_written_is_refused(tmp_path):
    folder = RunFolder.create(tmp_path / "run", small())
    with pytest.raises(RunError, match=r"no table .resolved., which"):
        _ = folder.config
