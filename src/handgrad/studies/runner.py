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

from handgrad.errors import ConfigError
from handgrad.studies.ledger import CRASHED, FAILED, Ledger, Outcome
from handgrad.studies.processes import Child
from handgrad.studies.trials import Cell, Trial, unique
from handgrad.training.environment import describe_environment
from handgrad.training.ownership import take

ATTEMPTS = 2  # processes that may die before the trial counts as crashed


@dataclass(frozen=True)
class Begun:
    """A process has begun with a trial."""

    cell: Cell
    attempt: int
    process: int


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
    """Do what is missing, `jobs` trials at a time, each with its share of the cores.

    `workers` are the threads of all trials together, by default one for each core.
    """
    share = share_of(jobs, workers)
    ledger.folder.mkdir(parents=True, exist_ok=True)
    ownership = take(ledger.folder)
    try:
        ledger.complete()
        waiting = deque((cell, 1) for cell in missing(cells, ledger, retry=retry))
        for cell, _ in waiting:
            ledger.forget(cell.trial.key)
        yield from _run(waiting, ledger, jobs=jobs, workers=share, data_dir=data_dir)
    finally:
        ownership.release()


def share_of(jobs: int, workers: int | None) -> int:
    """How many threads each trial gets."""
    if jobs < 1:
        raise ConfigError(f"--jobs takes a whole number from 1 up, got {jobs}.")
    cores: int = workers or describe_environment()["cores"] or 1
    if cores < 1:
        raise ConfigError(f"--workers takes a whole number from 1 up, got {workers}.")
    return max(1, cores // jobs)


def _run(
    waiting: deque[tuple[Cell, int]],
    ledger: Ledger,
    *,
    jobs: int,
    workers: int,
    data_dir: Path | None,
) -> Iterator[Event]:
    queue: SimpleQueue[tuple[Child, dict[str, Any] | None]] = SimpleQueue()
    children: set[Child] = set()
    try:
        while waiting or children:
            while waiting and len(children) < jobs:
                cell, attempt = waiting.popleft()
                folder = ledger.prepare(cell.trial)
                child = Child(
                    cell,
                    folder,
                    queue,
                    workers=workers,
                    attempt=attempt,
                    data_dir=data_dir,
                )
                children.add(child)
                yield Begun(cell, attempt, child.process.pid)
            child, values = queue.get()
            if values is not None:
                yield Advanced(child.cell, int(values.get("epoch", 0)))
                continue
            child.close()
            children.remove(child)
            event = _ended(child, ledger)
            if isinstance(event, Died):
                waiting.appendleft((child.cell, child.attempt + 1))
            yield event
    finally:
        for child in children:
            child.stop()


def _ended(child: Child, ledger: Ledger) -> Ended | Died:
    """Enter the outcome; a process without one is tried again, then given up."""
    key = child.cell.trial.key
    outcome = ledger.adopt(key)
    if outcome is None:
        how = child.how_it_died()
        if child.attempt < ATTEMPTS:
            return Died(child.cell, how)
        outcome = crashed(child.cell.trial, how)
        ledger.record(key, outcome)
    return Ended(child.cell, outcome)


def crashed(trial: Trial, how: str) -> Outcome:
    """The outcome of a trial whose processes died."""
    return {
        "trial": trial.spec,
        "status": CRASHED,
        "reason": f"Its process died {ATTEMPTS} times, the last by {how}.",
        "metrics": {},
        "seconds": None,
        "environment": describe_environment(),
    }
