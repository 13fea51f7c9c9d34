import json
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

from handgrad.studies import remote
from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.remote import (
    _said,
    appears,
    do_trial,
    release,
    take_over,
)
from handgrad.training.ownership import is_owned_elsewhere, take, this_process

from .small import study


@pytest.fixture(scope="module")
def client():
    """One worker, in a thread of this process."""
    with (
        LocalCluster(
            n_workers=1, processes=False, protocol="tcp", dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as made,
    ):
        yield made


def prepared(tmp_path, epochs):
    trial = study(tmp_path / "rows", epochs=epochs).cells("full")[0].trial
    return Ledger(tmp_path / "trials").prepare(trial)


def done_by(client, folder):
    future = client.submit(do_trial, str(folder), "topic", 1, None, pure=False)
    return future.result(timeout=120)


def test_a_worker_leaves_the_outcome_in_the_folder(client, tmp_path):
    folder = prepared(tmp_path, epochs=1)
    assert done_by(client, folder) is None
    written = (folder / "outcome.json").read_bytes()
    assert json.loads(written)["status"] == DONE
    said = [event for _, event in client.get_events("topic")]
    assert [event.get("epoch") for event in said] == [None, 1]
    assert all(event["where"].startswith("tcp://") for event in said)
    assert done_by(client, folder) is None  # not run twice
    assert (folder / "outcome.json").read_bytes() == written
    assert len(client.get_events("topic")) == len(said)


def test_the_death_of_a_process_is_described(client, tmp_path):
    folder = prepared(tmp_path, epochs=1)
    (folder / "trial.json").write_text("{")
    assert done_by(client, folder).startswith("exit code 1: json.decoder")


def test_the_run_of_a_lost_machine_is_released(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "ENDS", 0.0)
    claim = {**this_process(), "host": "elsewhere", "token": "x"}
    (tmp_path / "owner-0003.json").write_text(json.dumps(claim))
    take_over(tmp_path)
    assert not is_owned_elsewhere(tmp_path)
    take(tmp_path).release()


def test_a_run_of_this_machine_is_left_to_its_owner(tmp_path):
    mine = take(tmp_path)
    before = mine.path.read_bytes()
    take_over(tmp_path)
    assert mine.path.read_bytes() == before
    release(tmp_path)
    assert json.loads(mine.path.read_bytes()) == {"released": True}
    release(tmp_path / "never begun")


@pytest.mark.parametrize(
    ("status", "state"), [("closing", "executing"), ("running", "cancelled")]
)
def test_cancelled_tasks_are_recognized(status, state):
    tasks = {"key": SimpleNamespace(state=state)}
    worker = SimpleNamespace(
        status=SimpleNamespace(name=status), state=SimpleNamespace(tasks=tasks)
    )
    with pytest.raises(InterruptedError):
        next(_said(SimpleQueue(), worker, "key"))


def test_waiting_for_a_file_ends_when_it_appears(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "SHARED", 0.05)
    assert not appears(tmp_path / "file")
    (tmp_path / "file").touch()
    assert appears(tmp_path / "file")
