import json
import random
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest

from handgrad.errors import (
    HandgradError,
    IntegrityError,
    NonFiniteError,
    ResourceError,
    RunError,
)
from handgrad.training import atomic, load, resume, start
from handgrad.training.records import EpochRecord, StepRecord
from handgrad.training.run_folder import RunFolder

from .small import (
    DIGITS,
    MLP,
    final_bits,
    go_on,
    small,
    stop_after,
    train,
)

RISING = {  # the loss falls, then rises
    "optimizer": {"name": "sgd", "learning_rate": 10.0},
    "schedule": {"name": "constant", "warmup_epochs": 3.0},
}


def test_a_run_yields_every_step_and_epoch(tmp_path):
    run = start(small(), tmp_path / "run")
    records = list(run)
    steps = [r.step for r in records if isinstance(r, StepRecord)]
    epochs = [r.epoch for r in records if isinstance(r, EpochRecord)]
    assert steps == list(range(1, 10))
    assert epochs == [1, 2, 3]
    assert [
        line["step"] for line in run.folder.records() if line["kind"] == "step"
    ] == (steps)


def test_the_result_says_how_it_ended(tmp_path):
    run = train(tmp_path / "run")
    result = run.result
    assert json.loads((tmp_path / "run" / "result.json").read_text()) == result
    last = [line for line in run.folder.records() if line["kind"] == "epoch"][-1]
    for name in ("train_loss", "validation_loss", "validation_accuracy"):
        assert result[name] == last[name]
    assert result["run"] == str(tmp_path / "run")
    assert (result["model"], result["dataset"]) == ("mlp", "digits")
    assert (result["epochs"], result["steps"]) == (3, 9)
    assert result["parameters"] == 64 * 16 + 16 + 16 * 10 + 10
    assert 0 < result["test_accuracy"] <= 1
    assert result["seconds"] > 0


def test_the_checksum_is_that_of_the_final_parameters(tmp_path):
    run = start(small(), tmp_path / "run")
    for record in run:
        if isinstance(record, EpochRecord):
            arrays = run.trainer.state()
    names = sorted(name for name in arrays if name.startswith("parameters/"))
    digest = sha256(b"".join(arrays[name].tobytes() for name in names)).hexdigest()
    assert run.result["sha256"] == digest


def test_the_best_checkpoint_is_tested(tmp_path):
    run = train(tmp_path / "run", small(**RISING))
    losses = [
        line["validation_loss"]
        for line in run.folder.records()
        if line["kind"] == "epoch"
    ]
    best = int(np.argmin(losses)) + 1
    assert best < 3, "this run should get worse"
    assert run.result["best_epoch"] == best
    fewer = {"epochs": best, "batch_size": 40}
    shorter = train(tmp_path / "shorter", small(**RISING, training=fewer))
    assert run.result["test_loss"] == shorter.result["test_loss"]
    assert run.result["sha256"] != shorter.result["sha256"]


def test_without_validation_the_training_loss_chooses(tmp_path):
    config = small(dataset={**DIGITS, "validation": "none"})
    run = train(tmp_path / "run", config)
    assert run.result["validation_loss"] is None
    assert run.result["best_epoch"] == 3
    assert run.trainer.position.losses[-1] == run.result["train_loss"]


def test_results_are_bitwise_reproducible_for_a_seed(tmp_path):
    train(tmp_path / "one")
    train(tmp_path / "two")
    train(tmp_path / "three", small(seed=1))
    assert final_bits(tmp_path / "one") == final_bits(tmp_path / "two")
    assert final_bits(tmp_path / "one")[0] != final_bits(tmp_path / "three")[0]


def test_stopped_anywhere_it_goes_on_with_the_same_bits(tmp_path):
    train(tmp_path / "whole")
    for steps in (1, 2, 3, 5, 9):
        stop_after(tmp_path / str(steps), steps)
        run = go_on(tmp_path / str(steps))
        assert final_bits(tmp_path / str(steps)) == final_bits(tmp_path / "whole")
        assert run.result["steps"] == 9


@pytest.mark.slow
def test_the_cpu_engine_goes_on_with_the_same_bits_too(tmp_path):
    config = small(engine="cpu", model={**MLP, "dropout": 0.3})
    train(tmp_path / "whole", config)
    stop_after(tmp_path / "stopped", 4, config)
    go_on(tmp_path / "stopped")
    assert final_bits(tmp_path / "stopped") == final_bits(tmp_path / "whole")


def test_a_run_without_a_checkpoint_begins_again(tmp_path):
    train(tmp_path / "whole")
    run = start(small(), tmp_path / "run")
    next(iter(run))
    del run
    assert resume(tmp_path / "run").trainer.position.step == 0
    go_on(tmp_path / "run")
    assert final_bits(tmp_path / "run") == final_bits(tmp_path / "whole")


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    before = train(tmp_path / "run").result
    bits = final_bits(tmp_path / "run")
    run = resume(tmp_path / "run")
    assert list(run) == []
    assert final_bits(tmp_path / "run") == bits
    assert {**run.result, "seconds": 0} == {**before, "seconds": 0}


def test_early_stopping_stops_and_stays_stopped(tmp_path):
    config = small(
        **RISING,
        training={"epochs": 50, "batch_size": 40, "early_stopping": 2},
    )
    run = train(tmp_path / "run", config)
    assert run.result["epochs"] == run.result["best_epoch"] + 2 < 50
    assert list(resume(tmp_path / "run")) == []


def test_another_data_set_is_refused(tmp_path):
    stop_after(tmp_path / "run", 4)
    config = tmp_path / "run" / "config.toml"
    text = config.read_text()
    checksum = text.partition('dataset_sha256 = "')[2][:8]
    config.write_text(text.replace(checksum, "00000000"))
    with pytest.raises(RunError, match="is not the one that the run started with"):
        resume(tmp_path / "run")


def test_settings_that_were_changed_are_refused_by_name(tmp_path):
    path = tmp_path / "run"
    stop_after(path, 4)
    config = path / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("learning_rate = 0.01", "learning_rate = 0.03"))
    for use in (resume, load):
        with pytest.raises(IntegrityError, match=r"config\.toml has changed"):
            use(path)
    config.write_text(text)
    go_on(path)
    train(tmp_path / "whole")
    assert final_bits(path) == final_bits(tmp_path / "whole")


def flipped_settings(path, times, seed):
    """Flip bits of config.toml; resuming and loading refuse each (R8)."""
    config = path / "config.toml"
    content = config.read_bytes()
    draw = random.Random(seed)
    for number in range(times):
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        config.write_bytes(flipped)
        with pytest.raises(HandgradError):
            load(path) if number % 10 else resume(path)
    config.write_bytes(content)


def test_every_flipped_bit_of_the_settings_is_refused(tmp_path, seed):
    stop_after(tmp_path / "run", 4)
    flipped_settings(tmp_path / "run", 100, seed)


@pytest.mark.nightly
def test_every_flipped_bit_of_the_settings_is_refused_often(tmp_path, seed):
    stop_after(tmp_path / "run", 4)
    flipped_settings(tmp_path / "run", 5_000, seed)


def test_a_run_in_use_is_refused(tmp_path):
    run = start(small(), tmp_path / "run")
    records = iter(run)
    next(records)
    with pytest.raises(RunError, match=r"run is in use by process \d+ on"):
        resume(tmp_path / "run")
    with pytest.raises(RunError, match="already exists"):
        start(small(), tmp_path / "run")
    records.close()
    resume(tmp_path / "run").folder.release()


def test_a_run_that_cannot_be_built_leaves_no_folder(tmp_path):
    with pytest.raises(ValueError, match="There is no model named 'lenett'"):
        start(small(model={"name": "lenett"}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_keeps_the_last_checkpoint(tmp_path):
    path = tmp_path / "run"
    stop_after(path, 4)
    before = final_bits(path)
    run = resume(path)
    run.trainer.engine.model.parameters()["linear_1.weight"].value[...] = 1e38
    with pytest.raises(NonFiniteError, match="Step 5 gave numbers that are not finite"):
        list(run)
    assert final_bits(path) == before
    go_on(path)
    train(tmp_path / "whole")
    assert final_bits(path) == final_bits(tmp_path / "whole")


def test_a_full_disk_stops_the_run_and_keeps_what_was_saved(tmp_path, monkeypatch):
    path = tmp_path / "run"
    whole = train(tmp_path / "whole").result["sha256"]
    for failing in (1, 2, 3, 4, 6, 8, 11):
        stop_after(path, 4)
        saved = (path / "checkpoints" / "last.json").read_bytes()
        run = resume(path)
        with monkeypatch.context() as patch:
            fill_disk(patch, failing)
            with pytest.raises(ResourceError, match=r"No space .* needs .* are free"):
                save_every_record(run)
        del run
        if failing == 1:
            assert (path / "checkpoints" / "last.json").read_bytes() == saved
        assert list(path.rglob(".tmp-*")) == []
        assert go_on(path).result["sha256"] == whole
        rmtree(path)


def save_every_record(run):
    for _ in run:
        run.save()


def fill_disk(patch, failing):
    """Let the n-th write fail as on a full disk, after half of its bytes."""
    import errno
    import os

    written = 0
    real = atomic.write_all

    def write_all(handle, content):
        nonlocal written
        written += 1
        if written >= failing:
            real(handle, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle, content)

    patch.setattr(atomic, "write_all", write_all)


def test_a_run_folder_can_be_read_while_the_run_goes(tmp_path):
    run = start(small(training={"epochs": 2, "batch_size": 40}), tmp_path / "run")
    for _ in run:
        half_written = Path(tmp_path / "run" / ".tmp-1-0123abcd-x")
        half_written.write_text("being written")
        RunFolder.open(tmp_path / "run").records()
        assert half_written.exists(), "reading must not remove files"


def content(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_finished_run_that_is_iterated_again_does_nothing(tmp_path):
    run = train(tmp_path / "run")
    before, result = content(tmp_path / "run"), dict(run.result)
    assert list(run) == []
    assert (content(tmp_path / "run"), run.result) == (before, result)


def test_a_run_has_one_loop_at_a_time(tmp_path):
    run = start(small(), tmp_path / "run")
    first = iter(run)
    next(first)
    with pytest.raises(RunError, match="running in another loop"):
        next(iter(run))
    first.close()
    for _ in run:
        pass
    train(tmp_path / "other")
    assert final_bits(tmp_path / "run") == final_bits(tmp_path / "other")


def test_a_run_that_was_interrupted_is_resumed_not_iterated(tmp_path, monkeypatch):
    run = start(small(), tmp_path / "run")

    add = run.folder.add

    def interrupt(record):
        add(record)
        if record.step == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(run.folder, "add", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(run)
    with pytest.raises(RunError, match=r"Continue with handgrad\.training\.resume"):
        list(run)
    go_on(tmp_path / "run")
    train(tmp_path / "other")
    assert final_bits(tmp_path / "run") == final_bits(tmp_path / "other")
