"""Do the trials that are not done yet, and hand out what happens, as it happens.

A generator of events, as the trainer is one of records. Whatever becomes of a trial,
the rest goes on; a study that was killed goes on where it stopped.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from handgrad.studies.backends import Backend, Job, Messages
from handgrad.studies.ledger import CRASHED, FAILED, Ledger, Outcome
from handgrad.studies.processes import LocalProcesses
from handgrad.studies.trials import Cell, Trial, unique
from handgrad.training.environment import describe_environment
from handgrad.training.ownership import take

ATTEMPTS = 2  # processes that may die before the trial counts as crashed


@dataclass(frozen=True)
class Begun:
    """A process has begun with a trial; `where` is empty on this machine."""

    cell: Cell
    attempt: int
    process: int
    where: str = ""


@dataclass(frozen=True)
class Advanced:
    """A trial has finished an epoch."""

    cell: Cell
    epoch: int


@dataclass(frozen=True)
class Died:
    """A process has died without an outcome; it is tried again."""

    cell: Cell
    how: str


@dataclass(frozen=True)
class Ended:
    """A trial has its outcome, now in the ledger."""

    cell: Cell
    outcome: Outcome


Event = Begun | Advanced | Died | Ended


def missing(
    cells: Iterable[Cell], ledger: Ledger, *, retry: bool = False
) -> list[Cell]:
    """One cell for each trial that is not done; with `retry`, failed ones as well."""
    known = ledger.outcomes()
    again = {CRASHED, FAILED} if retry else set()
    return [
        cell
        for key, cell in unique(cells).items()
        if key not in known or known[key]["status"] in again
    ]


def run_trials(
    cells: Iterable[Cell],
    ledger: Ledger,
    *,
    jobs: int = 1,
    workers: int | None = None,
    data_dir: Path | None = None,
    retry: bool = False,
) -> Iterator[Event]:
    """Do what is missing on this machine, `jobs` trials at a time.

    `workers` are the threads of all trials together, by default one for each core.
    """
    backend = LocalProcesses(jobs=jobs, workers=workers, data_dir=data_dir)
    yield from run_on(backend, cells, ledger, retry=retry)


def run_on(
    backend: Backend, cells: Iterable[Cell], ledger: Ledger, *, retry: bool = False
) -> Iterator[Event]:
    """Do what is missing on that back end, and let go of it."""
    try:
        ledger.folder.mkdir(parents=True, exist_ok=True)
        ownership = take(ledger.folder)
        try:
            ledger.complete()
            waiting = deque((cell, 1) for cell in missing(cells, ledger, retry=retry))
            for cell, _ in waiting:
                ledger.forget(cell.trial.key)
            yield from _run(backend, waiting, ledger)
        finally:
            ownership.release()
    finally:
        backend.close()


@dataclass
class _Attempt:
    """What a job is about, and how many processes it has taken."""

    cell: Cell
    number: int


def _run(
    backend: Backend, waiting: deque[tuple[Cell, int]], ledger: Ledger
) -> Iterator[Event]:
    messages: Messages = SimpleQueue()
    jobs: dict[Job, _Attempt] = {}
    try:
        while waiting or jobs:
            while waiting and len(jobs) < backend.slots():
                cell, number = waiting.popleft()
                job = backend.begin(ledger.prepare(cell.trial), messages)
                jobs[job] = _Attempt(cell, number)
            job, values = messages.get()
            if job not in jobs:  # the last words of one that has ended
                continue
            if values is not None:
                yield _said(jobs[job], values)
                continue
            attempt = jobs.pop(job)
            job.close()
            event = _ended(job, attempt, ledger)
            if isinstance(event, Died):
                waiting.appendleft((attempt.cell, attempt.number + 1))
            yield event
    finally:
        for job in jobs:
            job.stop()


def _said(attempt: _Attempt, values: dict[str, Any]) -> Event:
    """What a job that goes on has said."""
    if "process" in values:
        return Begun(attempt.cell, attempt.number, values["process"], values["where"])
    if "died" in values:
        attempt.number += 1
        return Died(attempt.cell, values["died"])
    return Advanced(attempt.cell, int(values.get("epoch", 0)))


def _ended(job: Job, attempt: _Attempt, ledger: Ledger) -> Ended | Died:
    """Enter the outcome; a process without one is tried again, then given up."""
    trial = attempt.cell.trial
    outcome = ledger.adopt(trial.key)
    if outcome is None:
        how = job.how_it_died()
        if attempt.number < ATTEMPTS:
            return Died(attempt.cell, how)
        outcome = crashed(trial, attempt.number, how)
        ledger.record(trial.key, outcome)
    return Ended(attempt.cell, outcome)


def crashed(trial: Trial, times: int, how: str) -> Outcome:
    """The outcome of a trial whose processes died."""
    return {
        "trial": trial.spec,
        "status": CRASHED,
        "reason": f"Its process died {times} times, the last by {how}.",
        "metrics": {},
        "seconds": None,
        "environment": describe_environment(),
    }
