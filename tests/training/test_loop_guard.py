"""A run left by `break`, and what happens when it is continued elsewhere."""

import os
from pathlib import Path
from threading import Thread

import pytest

from handgrad.errors import RunError
from handgrad.training import resume, start
from handgrad.training.ownership import NAME
from handgrad.training.run_result import checksum_of
from handgrad.training.verify import verify

from .small import small


def contents(folder):
    """All files of a run except the owner file."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in files if not NAME.match(path.name)}


def said_in_a_fork(act):
    """The error message in a forked child; empty without an error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            act()
        except RunError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        words = stream.read()
    os.waitpid(child, 0)
    return words


def test_a_paused_run_that_was_continued_elsewhere_is_refused(tmp_path):
    paused = start(small(), tmp_path / "run")
    for _ in zip(range(4), paused, strict=False):
        pass
    list(resume(tmp_path / "run"))
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    with pytest.raises(RunError, match="continued elsewhere while this run"):
        list(paused)
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_a_paused_run_continues_if_it_is_unchanged(tmp_path):
    paused = start(small(), tmp_path / "run")
    for _ in range(3):
        next(iter(paused))
    list(paused)
    assert paused.result["epochs"] == small().training.epochs


def test_saving_a_run_that_has_ended_writes_nothing(tmp_path):
    run = start(small(), tmp_path / "run")
    list(run)
    before = contents(tmp_path / "run")
    run.save()
    run.save(is_best=True)
    assert contents(tmp_path / "run") == before


def test_a_run_that_has_ended_stays_as_it_is_when_resumed(tmp_path):
    run = start(small(), tmp_path / "run")
    list(run)
    before = contents(tmp_path / "run")
    again = resume(tmp_path / "run")
    assert list(again) == []
    assert again.result == run.result
    assert list(again.result) == list(run.result)
    assert checksum_of(again.parts.model) == checksum_of(run.parts.model)
    assert contents(tmp_path / "run") == before


@pytest.mark.parametrize("name", ["result.json", "manifest.json"])
def test_lost_files_of_a_finished_run_are_recreated(tmp_path, name):
    run = start(small(), tmp_path / "run")
    list(run)
    (tmp_path / "run" / name).unlink()
    again = resume(tmp_path / "run")
    assert list(again) == []
    assert list(again.result) == list(run.result)
    assert again.result | {"seconds": 0} == run.result | {"seconds": 0}
    assert (tmp_path / "run" / name).is_file()


def test_saving_a_paused_run_that_was_continued_elsewhere_is_refused(tmp_path):
    paused = start(small(), tmp_path / "run")
    for _ in zip(range(4), paused, strict=False):
        pass
    list(resume(tmp_path / "run"))
    before = contents(tmp_path / "run")
    with pytest.raises(RunError, match="continued elsewhere"):
        paused.save()
    assert contents(tmp_path / "run") == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.parametrize("act", [list, lambda records: next(records)])
def test_a_fork_within_a_run_writes_nothing(tmp_path, act):
    records = iter(start(small(), tmp_path / "run"))
    for _ in range(4):
        next(records)
    assert "of which this one is a fork" in said_in_a_fork(lambda: act(records))
    list(records)
    assert verify(tmp_path / "run", steps=1000).first_step


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.parametrize("act", [list, lambda run: run.save()])
@pytest.mark.parametrize("is_begun", [True, False])
def test_a_fork_of_a_run_leaves_it_to_its_process(tmp_path, act, is_begun):
    run = start(small(), tmp_path / "run")
    records = iter(run)
    if is_begun:
        next(records)
    words = said_in_a_fork(lambda: act(run))
    assert "of which this one is a fork" in words
    list(records)
    assert verify(tmp_path / "run", steps=1000).first_step


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_fork_of_a_paused_run_writes_nothing(tmp_path):
    run = start(small(), tmp_path / "run")
    for _ in zip(range(5), run, strict=False):
        pass
    assert "of which this one is a fork" in said_in_a_fork(lambda: list(run))
    list(run)
    assert verify(tmp_path / "run", steps=1000).first_step


def test_another_thread_may_not_save(tmp_path):
    run, said = start(small(), tmp_path / "run"), []

    def save():
        try:
            run.save()
        except RunError as error:
            said.append(str(error))

    for record in run:
        if record.step == 2:
            thread = Thread(target=save)
            thread.start()
            thread.join()
    assert said
    assert all("is trained by another thread" in words for words in said)
    assert verify(tmp_path / "run", steps=1000).first_step


def test_a_loop_may_move_to_another_thread(tmp_path):
    run = start(small(), tmp_path / "run")
    records, saved = iter(run), []

    def go_on():
        next(records)
        run.save()
        saved.append(run.trainer.position.step)

    next(records)
    thread = Thread(target=go_on)
    thread.start()
    thread.join()
    assert saved == [2]


def test_a_folder_put_in_place_of_a_run_is_not_written(tmp_path):
    other = start(small(), tmp_path / "other")
    list(other)
    run = start(small(), tmp_path / "run")
    records = iter(run)
    next(records)
    (tmp_path / "run").rename(tmp_path / "moved")
    (tmp_path / "other").rename(tmp_path / "run")
    before = contents(tmp_path / "run")
    with pytest.raises(RunError, match="no longer the folder in which the run"):
        list(records)
    assert contents(tmp_path / "run") == before


def test_the_working_directory_may_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = start(small(), Path("run"))
    records = iter(run)
    next(records)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    list(records)
    assert run.result["run"] == str(tmp_path / "run")
    assert verify(tmp_path / "run", steps=1000).first_step
    assert list((tmp_path / "other").iterdir()) == []
