"""Outcomes of trials that did not write one themselves, and the curves of a run."""

from pathlib import Path
from typing import Any

from handgrad.studies.experiment import CURVES
from handgrad.studies.ledger import CRASHED, PRUNED, Outcome
from handgrad.studies.trials import Trial
from handgrad.training.environment import describe_environment
from handgrad.training.run_folder import RunFolder


def crashed(trial: Trial, times: int, how: str) -> Outcome:
    """The outcome of a trial whose processes died."""
    why = f"Its process died {times} times, the last time by {how}."
    return {**_without_numbers(trial, why), "status": CRASHED}


def pruned(trial: Trial, why: str, run: Path, said: dict[str, Any]) -> Outcome:
    """The outcome of a trial that was stopped early, with its curves so far.

    `said` is its last message: its epoch may not be in the files yet.
    """
    curves = curves_of(RunFolder(run))
    for name in CURVES:
        values = curves.setdefault(name, [])
        if len(values) == said["epoch"] - 1 and said[name] is not None:
            values.append(said[name])
    return {**_without_numbers(trial, why), "status": PRUNED, "curves": curves}


def curves_of(folder: RunFolder) -> dict[str, list[float]]:
    """The metrics of each epoch, from the run's own records."""
    epochs = [row for row in folder.records() if row["kind"] == "epoch"]
    return {
        name: [row[name] for row in epochs]
        for name in CURVES
        if all(row[name] is not None for row in epochs)
    }


def _without_numbers(trial: Trial, why: str) -> Outcome:
    return {
        "trial": trial.spec,
        "reason": why,
        "metrics": {},
        "seconds": None,
        "environment": describe_environment(),
    }
