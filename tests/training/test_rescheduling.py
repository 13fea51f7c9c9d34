"""Other epochs while a run trains: the configuration, the bits, and after a kill."""

from pathlib import Path
from shutil import copytree

import pytest

from handgrad.training import resume, start
from handgrad.training.config import read_config
from handgrad.training.records import EpochRecord

from .small import final_bits, go_on, small, train

SCHEDULES = {
    "one_cycle": {"name": "one_cycle", "warmup_epochs": 1.5},
    "cosine": {"name": "cosine"},
    "step_decay": {"name": "step_decay"},
    "constant": {"name": "constant"},
}


def rescheduled(path, schedule, rows, engine="plain", stop=None):
    """Train, with new numbers of epochs after some; stop after the epoch `stop`."""
    training = {"epochs": 9, "batch_size": 40, "checkpoint_seconds": 1000}
    config = small(schedule=SCHEDULES[schedule], training=training, engine=engine)
    run = start(config, Path(path))
    for record in run:
        if isinstance(record, EpochRecord):
            if record.epoch in rows:
                run.reschedule(rows[record.epoch])
            if record.epoch == stop:
                break
    return run


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("rows", [{2: 6, 4: 5}, {2: 4, 3: 5}])
def test_its_configuration_gives_the_same_bits(tmp_path, schedule, rows):
    run = rescheduled(tmp_path / "run", schedule, rows)
    again = train(tmp_path / "again", read_config(tmp_path / "run" / "config.toml"))
    assert run.result["epochs"] == again.result["epochs"] == 5
    assert final_bits(tmp_path / "run") == final_bits(tmp_path / "again")


def test_the_engines_follow_the_same_learning_rates(tmp_path):
    rates = [
        [r["learning_rate"] for r in run.folder.records() if r["kind"] == "step"]
        for run in (
            rescheduled(tmp_path / engine, "one_cycle", {2: 4}, engine)
            for engine in ("plain", "cpu")
        )
    ]
    assert rates[0] == rates[1]
    assert len(rates[0]) == 12
    assert rates[0][-1] < 1e-4 * max(rates[0])


def test_the_first_epochs_are_those_of_the_plan(tmp_path):
    whole = rescheduled(tmp_path / "whole", "cosine", {}).folder.records()
    cut = rescheduled(tmp_path / "cut", "cosine", {3: 5}).folder.records()
    assert [*cut][:12] == [*whole][:12]
    assert [*cut][12] != [*whole][12]


def test_more_epochs_end_as_planned(tmp_path):
    run = rescheduled(tmp_path / "more", "one_cycle", {3: 11})
    rates = [r["learning_rate"] for r in run.folder.records() if r["kind"] == "step"]
    assert run.result["epochs"] == 11
    assert rates[-1] == min(rates) < 1e-4 * max(rates)


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_run_that_is_killed_right_after_goes_on(tmp_path, is_saved):
    run = rescheduled(tmp_path / "cut", "one_cycle", {2: 4}, stop=2)
    if is_saved:
        run.save()
    copytree(tmp_path / "cut", tmp_path / "killed")  # as a kill would leave it
    go_on(tmp_path / "killed")
    rescheduled(tmp_path / "whole", "one_cycle", {2: 4})
    assert final_bits(tmp_path / "killed") == final_bits(tmp_path / "whole")
    assert resume(tmp_path / "killed").config.training.epochs == 4


@pytest.mark.parametrize(
    ("planned", "asked", "expected"),
    [(20, 30, 30), (20, 4, 20), (20, None, 20), (None, 30, None)],
)
def test_the_patience_never_becomes_shorter(tmp_path, planned, asked, expected):
    training = {"epochs": 3, "early_stopping": planned}
    run = start(small(training=training), tmp_path / "run")
    for record in run:
        if isinstance(record, EpochRecord) and record.epoch == 1:
            run.reschedule(2, early_stopping=asked)
    assert run.trainer.settings.early_stopping == expected
    assert read_config(tmp_path / "run/config.toml").training.early_stopping == expected
