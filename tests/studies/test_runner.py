import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing

import pytest

from handgrad.errors import RunError
from handgrad.studies.ledger import CRASHED, DIVERGED, DONE, Ledger
from handgrad.studies.runner import (
    Advanced,
    Begun,
    Died,
    Ended,
    missing,
    run_trials,
)

from .conftest import EPOCHS, RATES
from .small import study, without_seconds

RUN = """
import sys
from pathlib import Path
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import read_study
from handgrad.studies.runner import Advanced, run_trials

cells = read_study(Path(sys.argv[1])).cells("full")
for event in run_trials(cells, Ledger(Path(sys.argv[2]))):
    print(type(event).__name__, flush=True)
"""


def kinds(events):
    return [type(event) for event in events]


def same_outcomes(ledger, other):
    """Check equality except for seconds, for trials that have numbers."""
    ours, theirs = ledger.outcomes(), other.outcomes()
    shared = [k for k in ours if k in theirs and ours[k]["status"] == DONE]
    assert shared
    for key in shared:
        assert without_seconds(ours[key]) == without_seconds(theirs[key])


def test_every_trial_ends_and_a_diverged_one_says_why(done):
    outcomes = done.ledger.outcomes()
    assert sorted(o["status"] for o in outcomes.values()) == [DIVERGED, DONE, DONE]
    (diverged,) = (o for o in outcomes.values() if o["status"] == DIVERGED)
    assert "not finite" in diverged["reason"]
    assert kinds(done.events).count(Ended) == kinds(done.events).count(Begun) == 3
    assert kinds(done.events).count(Advanced) >= 2 * EPOCHS
    assert missing(done.study.cells("full"), done.ledger) == []


def test_an_extended_sweep_runs_only_its_new_cells(done, tmp_path):
    ledger = Ledger(shutil.copytree(done.ledger.folder, tmp_path / "trials"))
    grown = study(tmp_path / "rows", rates=(*RATES, 0.1), epochs=EPOCHS)
    to_do = missing(grown.cells("full"), ledger)
    assert [str(cell) for cell in to_do] == ["r1 learning_rate=0.1, seed 0"]


def test_a_killed_runner_resumes_and_loses_nothing(done, tmp_path):
    folder = tmp_path / "trials"
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, tmp_path / "rows", folder],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        for _, line in zip(range(10**4), child.stdout, strict=False):
            if line == "Ended\n":  # the first is done ...
                break
        for line in child.stdout:  # ... and the second is in the middle
            if line == "Advanced\n":
                break
        child.kill()
    ledger = Ledger(folder)
    before = {path.name: path.read_bytes() for path in ledger.entries.iterdir()}
    assert len(before) == 1
    events = list(run_trials(rows.cells("full"), ledger))
    assert kinds(events).count(Ended) == 1
    epochs = [event.epoch for event in events if isinstance(event, Advanced)]
    assert min(epochs) > 1  # it resumed, it did not start again
    ((name, content),) = before.items()
    assert (ledger.entries / name).read_bytes() == content  # not run twice
    same_outcomes(ledger, done.ledger)
    assert len(ledger.outcomes()) == 2


def test_a_killed_trial_is_tried_again_from_its_checkpoint(done, tmp_path):
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    cells = [c for c in rows.cells("full") if c.variant == "learning_rate=0.3"]
    ledger = Ledger(tmp_path / "trials")
    seen, process = [], 0
    for event in run_trials(cells, ledger):
        seen.append(event)
        if isinstance(event, Begun):
            process = event.process
        if isinstance(event, Advanced) and event.epoch == 2:
            os.kill(process, signal.SIGKILL)
    deaths = [event.how for event in seen if isinstance(event, Died)]
    assert deaths == ["signal SIGKILL"]
    again = seen[kinds(seen).index(Died) + 1 :]
    assert again[0].attempt == 2
    assert again[1].epoch > 2
    same_outcomes(ledger, done.ledger)


def test_a_trial_that_always_dies_is_recorded_and_the_others_continue(tmp_path):
    rows = study(tmp_path / "rows", epochs=1)
    cells, ledger = rows.cells("full"), Ledger(tmp_path / "trials")
    for event in run_trials(cells, ledger):
        if isinstance(event, Begun) and event.cell == cells[0]:
            os.kill(event.process, signal.SIGKILL)
    first, second = (ledger.outcome(cell.trial.key) for cell in cells)
    assert first["status"] == CRASHED
    reason = "Its process died 2 times, the last time by signal SIGKILL."
    assert first["reason"] == reason
    assert second["status"] == DONE
    assert missing(cells, ledger) == []
    assert missing(cells, ledger, retry=True) == cells[:1]
    events = list(run_trials(cells, ledger, retry=True))
    assert events[-1].outcome["status"] == DONE
    assert ledger.outcome(cells[0].trial.key)["status"] == DONE


def test_one_runner_at_a_time_and_stopping_ends_the_children(tmp_path):
    rows = study(tmp_path / "rows", rates=(0.1,), epochs=1000)
    ledger = Ledger(tmp_path / "trials")
    with closing(run_trials(rows.cells("full"), ledger)) as events:
        process = next(events).process
        with pytest.raises(RunError, match="is in use by process"):
            next(run_trials(rows.cells("full"), ledger))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert ledger.outcomes() == {}


def test_a_trial_ends_with_its_parent_process(tmp_path):
    rows = study(tmp_path / "rows", rates=(0.1,), epochs=10**6)
    ledger = Ledger(tmp_path / "trials")
    folder = ledger.prepare(rows.cells("full")[0].trial)
    with subprocess.Popen(
        [sys.executable, "-m", "handgrad.studies.trial", folder, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert json.loads(child.stdout.readline())["epoch"] == 1
        child.stdin.close()
        assert child.wait(timeout=20) == 3
