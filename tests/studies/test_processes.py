import signal
from queue import SimpleQueue

import pytest

from handgrad.errors import ConfigError
from handgrad.studies.ledger import Ledger
from handgrad.studies.processes import Child, LocalProcesses, _name_of, share_of

from .small import study


def begun(tmp_path):
    cell = study(tmp_path / "rows", epochs=1).cells("full")[0]
    folder = Ledger(tmp_path / "trials").prepare(cell.trial)
    queue = SimpleQueue()
    child = Child(folder, queue, workers=1)
    begun = {"process": child.process.pid, "where": ""}
    assert queue.get(timeout=30) == (child, begun)
    return child, queue


def test_a_child_reports_its_epochs_and_its_end(tmp_path):
    child, queue = begun(tmp_path)
    assert queue.get(timeout=30)[1]["epoch"] == 1
    assert queue.get(timeout=30) == (child, None)
    child.close()
    assert child.process.returncode == 0
    assert (child.folder / "outcome.json").is_file()


def test_it_is_known_how_a_child_died(tmp_path):
    child, queue = begun(tmp_path)
    child.process.send_signal(signal.SIGKILL)
    assert queue.get(timeout=30) == (child, None)
    child.close()
    assert child.how_it_died() == "signal SIGKILL"


def test_a_failing_child_leaves_its_last_error_line(tmp_path):
    cell = study(tmp_path / "rows", epochs=1).cells("full")[0]
    folder = Ledger(tmp_path / "trials").prepare(cell.trial)
    (folder / "trial.json").write_text("{")
    queue = SimpleQueue()
    child = Child(folder, queue, workers=1)
    assert queue.get(timeout=30)[1]["process"] == child.process.pid
    assert queue.get(timeout=30) == (child, None)
    child.close()
    assert child.how_it_died().startswith("exit code 1: json.decoder.JSONDecodeError")


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (200, "200")])
def test_signals_have_names(number, name):
    assert _name_of(number) == name


def test_a_machine_has_as_many_slots_as_were_asked_for():
    backend = LocalProcesses(jobs=3, workers=7)
    assert (backend.slots(), backend.share) == (3, 2)


@pytest.mark.parametrize(
    ("jobs", "workers", "share"), [(1, 4, 4), (2, 4, 2), (3, 4, 1), (8, 4, 1)]
)
def test_jobs_share_the_workers(jobs, workers, share):
    assert share_of(jobs, workers) == share


@pytest.mark.parametrize(("jobs", "workers"), [(0, 1), (1, -1)])
def test_counts_start_at_one(jobs, workers):
    with pytest.raises(ConfigError, match="integer of at least 1"):
        share_of(jobs, workers)


@pytest.mark.parametrize(("jobs", "workers"), [(10**19, None), (1025, 1), (1, 1025)])
def test_no_machine_runs_so_many_trials_at_once(jobs, workers):
    with pytest.raises(ConfigError, match="as an integer from 1 to 1024, got"):
        share_of(jobs, workers)
