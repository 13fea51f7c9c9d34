import sys

import pytest

from handgrad.errors import DatasetError, RunError
from handgrad.training import config_from
from handgrad.training.ownership import take
from handgrad.web import study_runs as module
from handgrad.web.handles import Home
from handgrad.web.jobs import Jobs
from handgrad.web.study_runs import StudyRuns

WAITS = (sys.executable, "-c", "import time; time.sleep(60)")


@pytest.fixture
def studies(tmp_path):
    found = StudyRuns(Jobs(Home(tmp_path / "runs")))
    found.jobs.home.create()
    yield found
    for process in found.jobs._processes.values():
        process.kill()
        process.wait()


def test_one_process_trains_at_a_time_and_can_be_stopped(studies, monkeypatch):
    monkeypatch.setattr(module, "COMMAND", WAITS)
    studies.start("csci581-e", "e5")
    assert studies.about("csci581-e")["is_running"]
    with pytest.raises(RunError, match="Another run is training"):
        studies.start("csci581-e", "e4")
    studies.jobs.add(config_from({}))
    studies.jobs.start_next()
    assert len(studies.jobs.waiting()) == 1  # a run of the queue waits as well
    studies.stop("csci581-e")
    studies.jobs._processes["study-csci581-e"].wait(60)
    found = studies.about("csci581-e")
    assert (found["is_running"], found["message"]) == (False, "")


def test_a_study_of_another_process_is_running(studies):
    folder = studies.folder / "recipes"
    folder.mkdir(parents=True)
    claim = take(folder)
    assert studies.about("recipes")["is_running"]
    assert studies.jobs.active() == ["recipes"]
    claim.release()


def test_what_cannot_run_says_why(studies, monkeypatch):
    says = "import sys; sys.stderr.write('No space.\\n'); sys.exit(2)"
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", says))
    studies.start("csci581-e", "e5")
    studies.jobs._processes["study-csci581-e"].wait(60)
    assert studies.about("csci581-e")["message"] == "No space."
    monkeypatch.setattr("handgrad.datasets.local_copies.find", lambda *_: None)
    with pytest.raises(DatasetError, match="handgrad data fetch fashion_mnist"):
        studies.start("csci581-e", "e2")
