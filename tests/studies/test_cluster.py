"""Trials on a real Dask cluster of processes, some of which are killed."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

from handgrad.errors import ConfigError, RunError
from handgrad.studies import cluster
from handgrad.studies.cluster import DaskCluster, connect, who_answers
from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.runner import Advanced, Begun, Died, Ended, run_on

from .conftest import EPOCHS, RATES
from .small import study, without_seconds

RUN = """
import sys
from pathlib import Path
from handgrad.studies.cluster import DaskCluster
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import read_study
from handgrad.studies.runner import Begun, run_on

cells = read_study(Path(sys.argv[2])).cells("full")
for event in run_on(DaskCluster(sys.argv[1]), cells, Ledger(Path(sys.argv[3]))):
    if isinstance(event, Begun):
        print(event.process, flush=True)
"""


@pytest.fixture(scope="module")
def workers():
    """A scheduler and two workers, each in its own process."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as made:
        yield made


def parent_of(process):
    """The parent of this process, from /proc."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1])


def is_gone_within(process, seconds):
    end = monotonic() + seconds
    while monotonic() < end:
        with suppress(ProcessLookupError):
            os.kill(process, 0)
            sleep(0.05)
            continue
        return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker in /proc")
def test_the_trial_of_a_killed_worker_resumes_on_another_one(workers, done, tmp_path):
    rows = study(tmp_path / "rows", rates=RATES[:2], epochs=EPOCHS)
    ledger = Ledger(tmp_path / "trials")
    backend = DaskCluster(workers.scheduler_address, workers=1)
    begun, seen, victim = {}, [], None
    for event in run_on(backend, rows.cells("full"), ledger):
        seen.append(event)
        if isinstance(event, Begun):
            begun[str(event.cell)] = event.process
        if isinstance(event, Advanced) and event.epoch == 2 and victim is None:
            victim = event.cell
            os.kill(parent_of(begun[str(victim)]), signal.SIGKILL)
    (death,) = (event for event in seen if isinstance(event, Died))
    assert death.cell == victim
    assert "the loss of its Dask worker tcp://" in death.how
    later = [e for e in seen[seen.index(death) + 1 :] if e.cell == victim]
    assert isinstance(later[0], Begun)
    assert later[0].attempt == 2
    assert isinstance(later[1], Advanced)
    assert later[1].epoch > 2  # it resumed, it did not start again
    ended = [event.cell for event in seen if isinstance(event, Ended)]
    assert sorted(map(str, ended)) == sorted(map(str, rows.cells("full")))
    for key, outcome in ledger.outcomes().items():
        assert outcome["status"] == DONE
        there = done.ledger.outcome(key)
        assert without_seconds(outcome) == without_seconds(there)


@pytest.mark.slow
def test_the_trial_of_a_killed_runner_ends_and_the_next_runner_resumes_it(
    workers, done, tmp_path
):
    rows = study(tmp_path / "rows", rates=RATES[1:2], epochs=EPOCHS)
    ledger = Ledger(tmp_path / "trials")
    words = [workers.scheduler_address, tmp_path / "rows", ledger.folder]
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *words], stdout=subprocess.PIPE, text=True
    ) as runner:
        process = int(runner.stdout.readline())
        runner.kill()
    assert is_gone_within(process, 5)
    assert ledger.outcomes() == {}
    events = list(run_on(DaskCluster(words[0], workers=1), rows.cells("full"), ledger))
    assert isinstance(events[-1], Ended)
    key = rows.cells("full")[0].trial.key
    theirs = done.ledger.outcome(key)
    assert without_seconds(ledger.outcome(key)) == without_seconds(theirs)


def test_stopping_ends_the_processes_on_the_workers(workers, tmp_path):
    rows = study(tmp_path / "rows", rates=(0.1,), epochs=10**5)
    backend = DaskCluster(workers.scheduler_address)
    assert backend.slots() == 2  # one trial for each worker
    ledger = Ledger(tmp_path / "trials")
    with closing(run_on(backend, rows.cells("full"), ledger)) as events:
        begun = next(events)
        assert begun.where.startswith("tcp://")
    assert is_gone_within(begun.process, 5)
    assert ledger.outcomes() == {}


def test_a_worker_that_does_not_see_the_folder_stops_the_study(tmp_path, monkeypatch):
    monkeypatch.setattr("handgrad.studies.remote.SHARED", 0.1)

    class Elsewhere(Ledger):
        """A ledger whose folders are not visible to the workers."""

        def prepare(self, trial):
            return super().prepare(trial) / "not" / "shared"

    rows = study(tmp_path / "rows", epochs=1)
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as threads:
        backend = DaskCluster(threads.scheduler_address)
        with pytest.raises(RunError, match=r"is not visible to .*Give --folder on"):
            list(run_on(backend, rows.cells("full"), Elsewhere(tmp_path / "trials")))


@pytest.mark.slow
def test_a_lost_scheduler_is_one_clear_error(tmp_path, monkeypatch):
    rows = study(tmp_path / "rows", rates=(0.1,), epochs=10**5)
    ledger = Ledger(tmp_path / "trials")
    threads = LocalCluster(
        n_workers=1, processes=False, protocol="tcp", dashboard_address=":0"
    )
    backend = DaskCluster(threads.scheduler_address)
    events = run_on(backend, rows.cells("full"), ledger)
    process = next(events).process
    threads.close()
    with pytest.raises(RunError, match=r"scheduler at .* is gone"):
        list(events)
    assert is_gone_within(process, 5)
    assert ledger.outcomes() == {}


def test_an_address_without_a_scheduler_is_an_early_error():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    begun = monotonic()
    with pytest.raises(ConfigError, match=f"No Dask scheduler answers at {address}"):
        connect(address)
    assert monotonic() - begun < cluster.SECONDS + 2


def test_the_address_of_a_worker_is_an_error(workers):
    with Client(workers.scheduler_address, set_as_default=False) as client:
        one = next(iter(client.scheduler_info()["workers"]))
    assert who_answers(one) == "Worker"
    with pytest.raises(ConfigError, match="No Dask scheduler answers"):
        connect(one)


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS", 1.0)
    with (
        LocalCluster(
            n_workers=0, processes=False, protocol="tcp", dashboard_address=":0"
        ) as empty,
        pytest.raises(
            ConfigError, match=r"has no workers\. Start some with dask worker"
        ),
    ):
        connect(empty.scheduler_address)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[cluster\]'"):
        connect("tcp://127.0.0.1:1")


@pytest.mark.parametrize("counts", [{"jobs": 0}, {"workers": -1}])
def test_counts_start_at_one(counts):
    with pytest.raises(ConfigError, match="integer of at least 1"):
        DaskCluster("tcp://127.0.0.1:1", **counts)
