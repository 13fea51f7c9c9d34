import json
import re
import shutil
from pathlib import Path

import pytest

from handgrad.errors import HandgradWarning, IntegrityError
from handgrad.training import checkpoint
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.recovery import recover
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder
from handgrad.training.trained_network import load

from .small import final_bits, go_on, small, stop_after, train
from .test_checkpoint import names

MISSING = "json was missing. It now names epoch-"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The final bits of an undisturbed run."""
    path = tmp_path_factory.mktemp("whole") / "run"
    train(path)
    return final_bits(path)


def stopped(tmp_path, steps=8):
    """A run that was stopped in its third epoch."""
    stop_after(tmp_path / "run", steps)
    return tmp_path / "run"


@pytest.mark.parametrize("steps", [1, 3, 4, 8])
@pytest.mark.parametrize("removed", [["last"], ["best"], ["best", "last"]])
def test_missing_pointers_are_found_again(tmp_path, whole, steps, removed):
    run = stopped(tmp_path, steps)
    pointers = [run / "checkpoints" / f"{which}.json" for which in removed]
    there = [pointer for pointer in pointers if pointer.exists()]
    for pointer in there:
        pointer.unlink()
    if there:
        with pytest.warns(HandgradWarning, match=MISSING):
            assert resume(run).trainer.position.step == steps
    go_on(run)
    assert final_bits(run) == whole


def test_damaged_checkpoints_are_skipped(tmp_path, whole):
    run = stopped(tmp_path)
    newest = load_checkpoint(run / "checkpoints").position.step
    (run / "checkpoints" / "last.json").unlink()
    (path,) = (run / "checkpoints").glob(f"*{newest}")
    state = path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1])
    with pytest.warns(HandgradWarning, match=MISSING):
        assert resume(run).trainer.position.step == 6
    go_on(run)
    assert final_bits(run) == whole


def damage_all(run):
    (run / "checkpoints" / "last.json").unlink()
    for path in run.rglob("position.json"):
        path.write_text("{}")


def lose_all_but_the_best_pointer(run):
    (run / "checkpoints" / "last.json").unlink()
    for path in (run / "checkpoints").glob("epoch*"):
        shutil.rmtree(path)


def lose_the_folder(run):
    shutil.rmtree(run / "checkpoints")


def shorten_the_log(run):
    (run / "checkpoints" / "last.json").unlink()
    (run / "metrics.jsonl").write_text("")


def change_the_settings(run):
    (run / "checkpoints" / "last.json").unlink()
    text = (run / "config.toml").read_text()
    (run / "config.toml").write_text(text.replace("0.01", "0.02"))


@pytest.mark.parametrize(
    "harm",
    [
        damage_all,
        shorten_the_log,
        change_the_settings,
    ],
)
def test_without_a_valid_checkpoint_it_is_refused_and_nothing_changes(tmp_path, harm):
    run = stopped(tmp_path)
    harm(run)
    log = (run / "metrics.jsonl").read_bytes()
    before = names(run / "checkpoints") if (run / "checkpoints").exists() else None
    with pytest.raises(IntegrityError, match=r"last\.json is missing, and .* no valid"):
        resume(run)
    assert (run / "metrics.jsonl").read_bytes() == log
    if before is not None:
        assert names(run / "checkpoints") == before


def lose_the_checkpoints(run):
    for path in (run / "checkpoints").glob("epoch*"):
        shutil.rmtree(path)


@pytest.mark.parametrize(
    "harm", [lose_the_checkpoints, lose_all_but_the_best_pointer, lose_the_folder]
)
def test_without_any_checkpoint_the_advice_is_to_train_again(tmp_path, harm):
    run = stopped(tmp_path)
    harm(run)
    log = (run / "metrics.jsonl").read_bytes()
    settings = re.escape(str(run / "config.toml"))
    advice = rf"No checkpoint is left in .* train again .*: handgrad train {settings}$"
    for use in (resume, load):
        with pytest.raises(IntegrityError, match=advice):
            use(run)
    assert (run / "metrics.jsonl").read_bytes() == log


def test_the_best_epoch_is_not_another(tmp_path):
    run = stopped(tmp_path)
    folder = run / "checkpoints"
    best = json.loads((folder / "best.json").read_text())["checkpoint"]
    (folder / "best.json").unlink()
    shutil.rmtree(folder / best)
    with pytest.raises(IntegrityError, match=r"best\.json is missing.* of epoch 2,"):
        resume(run)


def test_a_users_copy_is_not_taken_for_a_checkpoint(tmp_path):
    run = stopped(tmp_path)
    folder = run / "checkpoints"
    for path in list(folder.glob("epoch-*")):
        path.rename(path.with_name(f"{path.name}-2"))
    (folder / "last.json").unlink()
    with pytest.raises(IntegrityError, match="no valid checkpoint"):
        resume(run)


def lose_all(run):
    for path in (run / "checkpoints").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_run_that_has_saved_nothing_starts_again(tmp_path, whole):
    run = stopped(tmp_path, 2)
    lose_all(run)  # as after a kill before the first pointer
    log = (run / "metrics.jsonl").read_bytes()
    said = r"again at step 1. Its previous logs are in metrics\.old-1\.jsonl and timin"
    with pytest.warns(HandgradWarning, match=said):
        assert resume(run).trainer.position.step == 0
    assert (run / "metrics.old-1.jsonl").read_bytes() == log
    (run / "metrics.jsonl").write_bytes(log)  # and once more
    with pytest.warns(HandgradWarning, match=r"are in metrics\.old-2\.jsonl\.$"):
        resume(run)
    go_on(run)
    assert final_bits(run) == whole


def test_a_new_folder_causes_no_warning(tmp_path):
    run = stopped(tmp_path, 2)
    lose_all(run)
    for name in ("metrics", "timings"):
        (run / f"{name}.jsonl").write_bytes(b"")
    assert recover(RunFolder.open(run)) is None


def test_a_run_killed_within_its_first_save_starts_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = start(small(), Path("run"))  # a relative path, as a user's
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write_folder", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(run)
    with pytest.warns(HandgradWarning, match="starts again at step 1"):
        again = resume(Path("run"))
    assert len(list(again)) > 0


def interrupted(*arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("sizes", [{"metrics": 0, "timings": 0}, None])
def test_a_log_is_cut_only_where_the_checkpoint_stands(tmp_path, sizes):
    run = stopped(tmp_path)
    found = load_checkpoint(run / "checkpoints")
    inside = {name: size - 5 for name, size in found.notes["sizes"].items()}
    notes = found.notes | {"sizes": sizes or inside}
    save_checkpoint(run / "checkpoints", found.arrays, found.position, notes=notes)
    log = (run / "metrics.jsonl").read_bytes()
    with pytest.raises(IntegrityError, match="has changed since the checkpoint"):
        resume(run)
    assert (run / "metrics.jsonl").read_bytes() == log


@pytest.mark.parametrize("content", ["", "{}", "changed"])
@pytest.mark.parametrize("which", ["last", "best"])
def test_a_damaged_pointer_is_written_again(tmp_path, whole, which, content):
    run = stopped(tmp_path)
    pointer = run / "checkpoints" / f"{which}.json"
    before = pointer.read_text()
    pointer.write_text(content.replace("changed", before.replace("epoch-", "epoch-9")))
    with pytest.raises(IntegrityError, match=r"\. Restore it .* or recover it with: "):
        load(run, which)
    with pytest.warns(HandgradWarning, match=f"{which}.json was invalid. It now names"):
        resume(run)
    assert pointer.read_text() == before
    go_on(run)
    assert final_bits(run) == whole


@pytest.mark.parametrize("which", ["last", "best"])
def test_recovering_a_missing_pointer_warns(tmp_path, which):
    train(tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / f"{which}.json").unlink()
    with pytest.raises(IntegrityError, match="or recover it with: handgrad"):
        load(tmp_path / "run", which)
    with pytest.warns(HandgradWarning, match="was missing. It now names"):
        list(resume(tmp_path / "run"))
    assert load(tmp_path / "run", which)


def test_the_error_explains_why_the_newest_checkpoint_is_unusable(tmp_path):
    run = stopped(tmp_path)
    shorten_the_log(run)
    with pytest.raises(IntegrityError, match=r"Of epoch-.*metrics\.jsonl has 0 lines"):
        resume(run)
