"""A log read while its writer is running or killed has only whole lines (R19)."""

import json
from itertools import count
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest

from handgrad.training.records import StepRecord
from handgrad.training.run_folder import RunFolder

from .small import killed

READERS = 8
LINES = 40  # per write: several pages of a file, so that a kill can split it
KILLS_OF_A_FOLDER = 25  # then use a new one, before reading takes too long


def log_for_ever(report, path):
    """Append blocks of lines until killed, starting after the last saved one."""
    folder = RunFolder(Path(path))
    folder.own()
    noted = folder.path / "noted.json"
    sizes = {"metrics": 0, "timings": 0}
    folder.cut_back(json.loads(noted.read_bytes()) if noted.exists() else sizes)
    for number in count(len(folder.records()) // LINES + 1):
        for step in range(LINES * (number - 1) + 1, LINES * number + 1):
            folder.add(StepRecord(step, 1, step / 3, 1, 2, 0.1, 0.2, 0.001))
        sizes = folder.flush()
        report(number)  # on disk, but not recorded yet
        folder.write("noted.json", json.dumps(sizes))


def read_until(stop, path, wrong):
    """Read the log repeatedly, as a page that follows a run does."""
    while not stop.is_set():
        try:
            steps = [record["step"] for record in RunFolder(path).records()]
            if steps != list(range(1, len(steps) + 1)):
                wrong.append(steps)
        except Exception as error:
            wrong.append(error)
        sleep(0.001)


def lines_stay_whole(folder, kills, seed):
    """Kill the writer repeatedly; return how many kills left a partial line."""
    stop, wrong, torn = Event(), [], 0
    folder.mkdir()
    readers = [
        Thread(target=read_until, args=(stop, folder, wrong)) for _ in range(READERS)
    ]
    for reader in readers:
        reader.start()
    try:
        for kill in range(kills):
            safe = killed(
                log_for_ever,
                (folder,),
                lambda random: (random.randint(1, 3), random.uniform(0, 0.01)),
                seed=f"{seed} {folder.name} {kill}",
            )
            content = (folder / "metrics.jsonl").read_bytes()
            torn += not content.endswith(b"\n")
            whole = RunFolder(folder).records()
            assert [r["step"] for r in whole] == list(range(1, len(whole) + 1))
            assert len(whole) == content.count(b"\n") >= LINES * safe
            assert all(record["loss"] == record["step"] / 3 for record in whole)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []
    return torn


@pytest.mark.slow
def test_a_log_is_whole_lines_whenever_its_writer_is_killed(tmp_path, seed):
    lines_stay_whole(tmp_path / "run", 10, seed)


@pytest.mark.nightly
def test_a_log_is_whole_lines_after_500_kills(tmp_path, seed):
    for number in range(500 // KILLS_OF_A_FOLDER):
        lines_stay_whole(tmp_path / str(number), KILLS_OF_A_FOLDER, seed)
