import os
import signal
import time
from threading import Thread

import psutil
import pytest

from handgrad.errors import RunError
from handgrad.training import config_from
from handgrad.training.ownership import take
from handgrad.web import jobs as module
from handgrad.web.handles import Home, MissingError
from handgrad.web.jobs import Jobs

from .conftest import TINY

LONG = {**TINY, "training": {"epochs": 100_000, "batch_size": 5}}


@pytest.fixture
def jobs(tmp_path):
    found = Jobs(Home(tmp_path))
    found.home.create()
    yield found
    for process in found._processes.values():
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_for(jobs, handle, *states):
    folder = jobs.home.runs / handle
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = jobs.state(handle, folder)
        if found["state"] in states:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_runs_wait_in_order_and_names_are_free(jobs, monkeypatch):
    config = config_from({"model": {"name": "mlp"}})
    (jobs.home.runs / "mlp-digits-1").mkdir()
    assert [jobs.add(config) for _ in range(3)] == [
        f"mlp-digits-{k}" for k in (2, 3, 4)
    ]
    jobs.remove("mlp-digits-3")
    assert list(jobs.waiting()) == ["mlp-digits-2", "mlp-digits-4"]
    with pytest.raises(MissingError):
        jobs.remove("mlp-digits-3")
    again = Jobs(jobs.home)  # the server starts anew
    assert list(again.waiting()) == ["mlp-digits-2", "mlp-digits-4"]
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    with pytest.raises(RunError, match="At most 2 runs can wait"):
        jobs.add(config)


def test_a_run_is_named_after_its_data(jobs):
    config = config_from({"model": {"name": "mlp"}})
    for name, handle in (
        ("My Birds, 2", "mlp-my-birds-2-1"),
        ("V\xf6gel", "mlp-vogel-1"),
        ("\u9ce5", "mlp-1"),
        ("x" * 60, f"mlp-{'x' * 44}-1"),
    ):
        assert jobs.add(config, name) == handle


def test_a_run_is_never_seen_between_the_queue_and_its_process(jobs, monkeypatch):
    handle = jobs.add(config_from(LONG))
    seen = []

    def slow(*_):
        thread = Thread(target=lambda: seen.append(jobs.rows()[0]["state"]))
        thread.start()
        thread.join(0.2)
        jobs._processes[handle] = Process()
        threads.append(thread)

    class Process:
        def poll(self):
            return None if not threads else 0 if seen else None

    threads: list = []
    monkeypatch.setattr(jobs, "_run", slow)
    jobs.start_next()
    threads[0].join()
    assert seen == ["starting"]


def test_an_odd_name_of_a_data_set_gives_a_plain_handle(jobs):
    for name, handle in (("/a/Ö ../Ö.zip", "lenet-o-1"), ("/a/x.zip", "lenet-x-1")):
        assert jobs.add(config_from({"dataset": {"name": name}})) == handle


@pytest.mark.slow
def test_a_run_is_paused_resumed_stopped_and_outlives_the_server(jobs):
    handle = jobs.add(config_from(LONG))
    folder = jobs.home.runs / handle
    jobs.start_next()
    other = jobs.add(config_from(LONG))
    jobs.start_next()
    assert list(jobs.waiting()) == [other]  # one at a time
    wait_for(jobs, handle, "running")
    jobs.pause(handle, folder)
    wait_for(jobs, handle, "paused")
    again = Jobs(jobs.home)  # a server that did not start the run
    assert again.active() == [handle]
    again.resume(handle, folder)
    wait_for(again, handle, "running")
    live = jobs.home.live / f"{handle}.jsonl"
    while not (live.is_file() and live.stat().st_size):  # the first line of a step
        time.sleep(0.05)
    again.stop(handle, folder)
    assert jobs._processes[handle].wait(60) == 128 + signal.SIGTERM
    assert wait_for(again, handle, "stopped") == {"state": "stopped"}
    lines = (folder / "metrics.jsonl").read_text().count("\n")
    assert lines > 0
    jobs.resume(handle, folder)
    wait_for(jobs, handle, "running")
    os.kill(jobs._processes[handle].pid, signal.SIGKILL)
    wait_for(jobs, handle, "stopped")
    assert (folder / "metrics.jsonl").read_text().count("\n") >= lines


@pytest.mark.slow
def test_a_run_that_cannot_start_says_why(jobs):
    wrong = {**TINY, "dataset": {"name": "digits", "train_count": 10**6}}
    handle = jobs.add(config_from(wrong))
    jobs.start_next()
    jobs._processes[handle].wait(60)
    found = wait_for(jobs, handle, "failed")
    assert "train_count" in found["message"]
    assert jobs.rows() == [{"id": handle, **found}]


def test_only_the_process_of_the_run_gets_a_signal(jobs, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    with pytest.raises(RunError, match="is not training now"):
        jobs.stop("mine", folder)
    claim = take(folder)  # this process trains it
    assert jobs.process("mine", folder) == psutil.Process()
    claim.release()


def test_the_thread_starts_what_waits_and_ends(jobs, monkeypatch):
    started = []
    monkeypatch.setattr(jobs, "start_next", lambda: started.append(1))
    monkeypatch.setattr(module, "TICK", 0.001)
    jobs.open()
    while not started:
        time.sleep(0.001)
    jobs.close()
