"""Studies whose runner and trials are killed at random (R20).

No trial is lost, and none runs to its end twice: an outcome in the ledger stays as it
is, and in the end the ledger equals that of a study without kills.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Thread
from time import monotonic, sleep

import pytest

from handgrad.studies.ledger import DONE, Ledger
from handgrad.studies.runner import run_trials

from .small import study, without_seconds

RUNNER = """
import sys
from pathlib import Path
from handgrad.studies.ledger import Ledger
from handgrad.studies.library import read_study
from handgrad.studies.runner import run_trials

cells = read_study(Path(sys.argv[1])).cells("full")
for event in run_trials(cells, Ledger(Path(sys.argv[2])), jobs=2, retry=True):
    print(getattr(event, "process", 0), flush=True)
"""
VICTIMS = ("trial", "runner", "both")


class Runner:
    """A runner in its own process, and the trials that it has started."""

    def __init__(self, rows, folder):
        self.trials = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, rows, folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if int(line):
                self.trials.append(int(line))

    @property
    def is_alive(self):
        return self.process.poll() is None

    def wait_for_a_trial(self):
        """Wait until there is one to kill, or nothing left to do."""
        while self.is_alive and not self.trials:
            sleep(0.01)

    def kill(self, victim):
        """Kill a trial, the runner or both; True if it was still running."""
        if victim != "runner" and not _killed(self.trials[-1]):
            return False
        if victim != "trial":
            self.process.kill()
            self.end()
        return True

    def end(self):
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        for process in self.trials:  # they end with their parent process
            _wait_for_the_end_of(process)


def _killed(process):
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
        return True
    return False


def _wait_for_the_end_of(process, seconds=20):
    last = monotonic() + seconds
    with suppress(ProcessLookupError):
        while monotonic() < last:
            os.kill(process, 0)
            sleep(0.01)
        raise AssertionError(f"the trial of process {process} goes on")


def survives(folder, *, trials, rounds, epochs, longest, seed):
    """Kill this many times; use a new folder whenever all trials are done."""
    rows = folder / "rows"
    cells = study(rows, seeds=range(trials // 2), epochs=epochs).cells("full")
    assert len(cells) == trials
    calm = Ledger(folder / "calm")
    list(run_trials(cells, calm, jobs=2))
    draw, kills, number = random.Random(seed), 0, 0
    ledger, kept = Ledger(folder / "0"), {}
    runner = Runner(rows, ledger.folder)
    while kills < rounds:
        runner.wait_for_a_trial()
        sleep(draw.uniform(0, longest))
        if runner.is_alive:
            kills += runner.kill(draw.choice(VICTIMS))
        check_kept(ledger, kept)
        if runner.is_alive:
            continue
        runner.end()
        if runner.process.returncode == 0:
            check_all(ledger, calm, trials)
            number += 1
            ledger, kept = Ledger(folder / str(number)), {}
        runner = Runner(rows, ledger.folder)
    _killed(runner.process.pid)
    runner.end()
    list(run_trials(cells, ledger, jobs=2, retry=True))
    check_kept(ledger, kept)
    check_all(ledger, calm, trials)


def check_kept(ledger, kept):
    """Finished outcomes stay as they were written, byte for byte."""
    for key, outcome in ledger.outcomes().items():
        if outcome["status"] == DONE:
            content = (ledger.folder / "trials" / key / "outcome.json").read_bytes()
            assert kept.setdefault(key, content) == content


def check_all(ledger, calm, trials):
    """The ledger is as without kills; a rebuilt one as well."""
    ours, theirs = ledger.outcomes(), calm.outcomes()
    assert len(ours) == len(theirs) == trials
    for key, outcome in theirs.items():
        assert without_seconds(ours[key]) == without_seconds(outcome)
    shutil.rmtree(ledger.entries)
    ledger.complete()
    assert ledger.outcomes() == ours


@pytest.mark.slow
def test_a_study_survives_kills(tmp_path, seed):
    survives(tmp_path, trials=4, rounds=4, epochs=12, longest=1.0, seed=seed)


@pytest.mark.nightly
def test_a_study_of_50_trials_survives_100_kills(tmp_path, seed):
    survives(tmp_path, trials=50, rounds=100, epochs=12, longest=3.0, seed=seed)
