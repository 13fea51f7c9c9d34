"""When a write fails, the run stops or continues, and no saved state is lost (R16)."""

import errno
import json
import os

import numpy as np
import pytest

from handgrad.errors import HandgradError, UnsavedError
from handgrad.training import start
from handgrad.training.checkpoint import (
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from handgrad.training.position import Position
from handgrad.training.saving import Unsaved

from .small import final_bits, go_on, small, train

ERRORS = {"full": errno.ENOSPC, "forbidden": errno.EACCES}
CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir")
ONE_SAVE = {"open": 5, "write": 5, "fsync": 9, "replace": 2, "rename": 1, "mkdir": 3}
CASES = [
    pytest.param(
        call,
        number,
        first,
        id=f"{call}-{name}-{first}",
        marks=[pytest.mark.nightly] if (place + place_of_error + first) % 3 else [],
    )
    for place, call in enumerate(CALLS)
    for place_of_error, (name, number) in enumerate(ERRORS.items())
    for first in (1, 2, 3)
]
cases = pytest.mark.parametrize(("call", "number", "first"), CASES)
FOR_EVER = 10**6
# Consecutive failures. After the last epoch a folder is renamed at most twice.
FEW = dict.fromkeys(CALLS, 2) | {"rename": 1}


def run_of(how):
    training = {"epochs": 3, "batch_size": 40, "on_failed_save": how}
    return small(model={"name": "softmax_regression"}, training=training)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed run."""
    path = tmp_path_factory.mktemp("whole") / "run"
    run = train(path, run_of("continue"))
    return run.result["sha256"], final_bits(path)


def let_fail(monkeypatch, call, number, first, count):
    """Let `count` calls fail, from `first` on; a full disk still accepts a part."""
    real, seen = getattr(os, call), 0

    def fail(*arguments, **options):
        nonlocal seen
        if call == "open" and not arguments[1] & os.O_WRONLY:
            return real(*arguments, **options)  # reading status and removing still work
        seen += 1
        if not first <= seen < first + count:
            return real(*arguments, **options)
        if call == "write":
            real(arguments[0], bytes(arguments[1])[:1])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)


def states_seen(run):
    """Run to the end; collect the unresolved failures after each record."""
    return [run.unsaved.failure for _ in run]


def bits_after(path):
    """The final bits of the run, resumed from its current state."""
    go_on(path)
    return final_bits(path)


@pytest.mark.parametrize(
    ("call", "first"),
    [(call, first) for call in CALLS for first in range(1, ONE_SAVE[call] + 1)],
)
@pytest.mark.parametrize("number", ERRORS.values(), ids=ERRORS)
def test_a_failed_save_leaves_a_whole_checkpoint_and_nothing_else(
    tmp_path, monkeypatch, call, number, first
):
    """Each write call of a save fails once; the old or the new state is complete."""
    save_checkpoint(tmp_path, state_of(1), Position(step=1), is_best=True)
    let_fail(monkeypatch, call, number, first, FOR_EVER)
    with pytest.raises(HandgradError, match=os.strerror(number)) as error:
        save_checkpoint(tmp_path, state_of(2), Position(step=2), is_best=True)
    monkeypatch.undo()
    assert_bytes_are_told(error.value, number)
    named = set()
    for which in ("best", "last"):
        found = load_checkpoint(tmp_path, which)
        assert found.arrays["a"].tolist() == [found.position.step] * 3
        named.add(json.loads((tmp_path / f"{which}.json").read_text())["checkpoint"])
    assert {path.name for path in tmp_path.iterdir()} == {
        "best.json",
        "last.json",
        *named,
    }


def state_of(step):
    return {"a": np.full(3, step, dtype=np.float32)}


@cases
def test_stop_on_failure_keeps_the_saved_state(
    tmp_path, monkeypatch, whole, number, call, first
):
    run = start(run_of("stop"), tmp_path / "run")
    let_fail(monkeypatch, call, number, first, FOR_EVER)
    with pytest.raises(HandgradError, match=os.strerror(number)) as error:
        states_seen(run)
    monkeypatch.undo()
    assert error.value.exit_code == 2
    assert_bytes_are_told(error.value, number)
    assert not run.result or call not in ("open", "write", "fsync")
    assert bits_after(tmp_path / "run") == whole[1]


@cases
def test_continue_on_failure_saves_everything_when_space_is_free_again(
    tmp_path, monkeypatch, whole, number, call, first
):
    run = start(run_of("continue"), tmp_path / "run")
    let_fail(monkeypatch, call, number, first, FEW[call])
    failures = states_seen(run)
    monkeypatch.undo()
    assert any(os.strerror(number) in str(failure) for failure in failures)
    assert run.unsaved.failure is None
    assert run.result["sha256"] == whole[0]
    assert final_bits(tmp_path / "run") == whole[1]
    best = load_checkpoint(tmp_path / "run" / "checkpoints", "best")
    assert best.position.best_epoch == run.result["best_epoch"]
    assert not list((tmp_path / "run").rglob(".tmp-*"))


@cases
def test_continue_on_failure_ends_with_an_error_while_state_is_unsaved(
    tmp_path, monkeypatch, whole, number, call, first
):
    run = start(run_of("continue"), tmp_path / "run")
    let_fail(monkeypatch, call, number, first, FOR_EVER)
    with pytest.raises(UnsavedError, match="not all of it is saved") as error:
        states_seen(run)
    monkeypatch.undo()
    assert error.value.exit_code == 5
    assert_bytes_are_told(error.value, number)
    assert run.result["sha256"] == whole[0], "it was trained to the end"
    assert not (tmp_path / "run" / "result.json").exists()
    checkpoints = tmp_path / "run" / "checkpoints"
    if has_checkpoint(checkpoints):
        load_checkpoint(checkpoints)
    assert bits_after(tmp_path / "run") == whole[1]


def assert_bytes_are_told(error, number):
    if number == errno.ENOSPC:
        assert " bytes and " in str(error), "the bytes needed and the bytes free"


def test_a_result_that_cannot_be_written_is_an_error(tmp_path, monkeypatch):
    run = start(run_of("continue"), tmp_path / "run")
    monkeypatch.setattr(
        run.folder, "write_result", lambda result: _raise(HandgradError("no room"))
    )
    with pytest.raises(UnsavedError, match=r"failed once\. no room"):
        states_seen(run)
    assert run.result["epochs"] == 3


def _raise(error):
    raise error


def test_a_newer_best_state_replaces_an_older_one():
    unsaved = Unsaved()
    first, second = (checkpoint_at(step) for step in (1, 2))
    unsaved.failed(HandgradError("a"), first)
    unsaved.failed(HandgradError("b"), None)
    assert unsaved.best is first
    unsaved.failed(HandgradError("c"), second)
    assert unsaved.best is second
    assert "step 9" in str(unsaved.error(9))
    assert "3 times in a row. c" in str(unsaved.error(9))
    unsaved.clear()
    assert (unsaved.failure, unsaved.best, unsaved.attempts) == (None, None, 0)


def checkpoint_at(step):
    from handgrad.training.checkpoint import Checkpoint

    return Checkpoint({}, Position(step=step), {})
