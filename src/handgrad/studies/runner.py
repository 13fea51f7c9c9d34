"""Run the trials that are not done yet, and yield events as they happen.

The runner is a generator of events, as the trainer is one of records. A trial that
fails does not stop the others; a study that was killed resumes where it stopped.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from handgrad.studies.backends import Backend, Job, Messages
from handgrad.studies.contents import contents_of, look
from handgrad.studies.ledger import CRASHED, FAILED, PRUNED, Ledger, Outcome
from handgrad.studies.plans import Listed, Plan
from handgrad.studies.processes import LocalProcesses
from handgrad.studies.trial_outcomes import crashed, pruned
from handgrad.studies.trials import Cell, unique
from handgrad.training.ownership import take

ATTEMPTS = 2  # processes that die before a trial counts as crashed


@dataclass(frozen=True)
class Begun:
    """A process has started a trial; `where` is empty on this machine."""

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
    """A process has died without an outcome; its trial is started again."""

    cell: Cell
    how: str


@dataclass(frozen=True)
class Ended:
    """A trial has ended; its outcome is in the ledger."""

    cell: Cell
    outcome: Outcome


Event = Begun | Advanced | Died | Ended


def missing(
    cells: Iterable[Cell], ledger: Ledger, *, retry: bool = False
) -> list[Cell]:
    """One cell for each trial that is not done; with `retry`, failed ones as well.

    One that a sweep has pruned is not done: it continues where it was stopped.
    """
    known = ledger.outcomes()
    again = {PRUNED, CRASHED, FAILED} if retry else {PRUNED}
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
    """Run the trials of these `cells` that are not done, and yield events.

    `ledger` records the outcomes; RunError while another process writes it. With
    `retry`, trials that failed or crashed run again. `data_dir` is searched first for
    data sets.

    Units
        jobs     trials that run at the same time, each in its own process
        workers  threads of all trials together, by default one for each core
    """
    backend = LocalProcesses(jobs=jobs, workers=workers, data_dir=data_dir)
    yield from run_on(backend, cells, ledger, retry=retry)


def run_on(
    backend: Backend, cells: Iterable[Cell], ledger: Ledger, *, retry: bool = False
) -> Iterator[Event]:
    """Run the missing trials on that back end, and close it."""

    def listed() -> Plan:
        asked = list(cells)
        if not ledger.has_looked:
            look((cell.trial for cell in asked), ledger, backend.data_dir)
        contents = contents_of(ledger)
        to_do = missing(map(contents.cell, asked), ledger, retry=retry)
        for cell in to_do:
            ledger.forget(cell.trial.key)
        return Listed(to_do)

    yield from run_plan(backend, listed, ledger)


def run_plan(
    backend: Backend, plan: Callable[[], Plan], ledger: Ledger
) -> Iterator[Event]:
    """Run a plan, which is made once this process owns the folder."""
    try:
        ledger.folder.mkdir(parents=True, exist_ok=True)
        ownership = take(ledger.folder)
        try:
            ledger.complete()
            made = plan()
            ledger.keep_checksums()
            yield from _run(backend, made, ledger)
        finally:
            ownership.release()
    finally:
        backend.close()


@dataclass
class _Attempt:
    """The cell of a job, and the number of its processes so far."""

    cell: Cell
    number: int


def _run(backend: Backend, plan: Plan, ledger: Ledger) -> Iterator[Event]:
    messages: Messages = SimpleQueue()
    jobs: dict[Job, _Attempt] = {}
    again: deque[_Attempt] = deque()
    try:
        while True:
            while len(jobs) < backend.slots() and (next_ := _next(again, plan)):
                folder = ledger.prepare(next_.cell.trial)
                jobs[backend.begin(folder, messages)] = next_
            if not jobs:
                return
            job, values = messages.get()
            if job not in jobs:  # a late message of a job that has ended
                continue
            attempt = jobs[job]
            if values is not None:
                yield _said(attempt, values)
                why = plan.why_end(attempt.cell, values) if "epoch" in values else ""
                if not why:
                    continue
                job.stop()
                event: Ended | Died = _pruned(attempt, why, values, ledger)
            else:
                job.close()
                event = _ended(job, attempt, ledger)
            del jobs[job]
            if isinstance(event, Died):
                again.append(_Attempt(attempt.cell, attempt.number + 1))
            else:
                plan.take(event.cell, event.outcome)
            yield event
    finally:
        for job in jobs:
            job.stop()


def _next(again: deque[_Attempt], plan: Plan) -> _Attempt | None:
    """Return the next attempt; those after a dead process come first."""
    if again:
        return again.popleft()
    cell = plan.next()
    return _Attempt(cell, 1) if cell is not None else None


def _said(attempt: _Attempt, values: dict[str, Any]) -> Event:
    """Convert a message of a running job to an event."""
    if "process" in values:
        return Begun(attempt.cell, attempt.number, values["process"], values["where"])
    if "died" in values:
        attempt.number += 1
        return Died(attempt.cell, values["died"])
    return Advanced(attempt.cell, int(values.get("epoch", 0)))


def _ended(job: Job, attempt: _Attempt, ledger: Ledger) -> Ended | Died:
    """Record the outcome; retry a process without one, then record a crash."""
    trial = attempt.cell.trial
    outcome = ledger.adopt(trial.key)
    if outcome is None:
        how = job.how_it_died()
        if attempt.number < ATTEMPTS:
            return Died(attempt.cell, how)
        outcome = crashed(trial, attempt.number, how)
        ledger.record(trial.key, outcome)
    return Ended(attempt.cell, outcome)


def _pruned(attempt: _Attempt, why: str, said: dict[str, Any], ledger: Ledger) -> Ended:
    """Record that it was stopped early, unless it ended just before."""
    trial = attempt.cell.trial
    outcome = ledger.adopt(trial.key)
    if outcome is None:
        run = ledger.trial_folder(trial.key) / "run"
        outcome = pruned(trial, why, run, said)
        ledger.record(trial.key, outcome)
    return Ended(attempt.cell, outcome)
